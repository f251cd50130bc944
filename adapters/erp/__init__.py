"""One folder per ERP; each exports ``DIALECT``."""
