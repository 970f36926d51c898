"""Commands that start or examine processes."""
