"""Everything that is decided from a tenant's control document, pure: no rows, clock or ids."""
