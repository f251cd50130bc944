"""Results back into the ERP: standings by id and reference, status reports for files."""
