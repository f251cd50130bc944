"""One folder per bank; each exports ``DIALECT``."""
