"""The only code that changes an instruction's state: with history, journal, case, in one commit."""
