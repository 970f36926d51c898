"""SQL of the initial state of the live part."""
