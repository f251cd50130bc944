"""Pages for people: log in, see what waits, decide. Plain HTML that works without scripts."""
