"""What operation asks of the database."""
