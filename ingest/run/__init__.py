"""Tasks of a worker."""
