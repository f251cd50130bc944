"""Languages of banks and ERPs: pure encode and decode, no I/O, clock, ids or keys."""
