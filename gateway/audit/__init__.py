"""Reading the journal and the books: verification, checkpoints, invariants."""
