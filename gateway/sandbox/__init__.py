"""The bank in a box: a bank-side server over one double-entry ledger; ships with the product."""
