"""Sessions with the broker."""
