"""The only code that changes an instruction's state: state, history, journal, case, in one commit."""
