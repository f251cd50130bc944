"""Stand-ins of vendors' ERP systems: strict, in memory, written from what vendors publish."""
