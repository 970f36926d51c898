"""The SQL of who may come in."""
