"""The runtime's simulated twin: the same rooms on one thread, virtual time, one seed."""
