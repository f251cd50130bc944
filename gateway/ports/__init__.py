"""Records and Protocols in which rooms, adapters and the outside meet."""
