"""What the bank booked: fetched, and held against what we believe."""
