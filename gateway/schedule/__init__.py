"""What is due when, on the shared clock."""
