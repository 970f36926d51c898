"""Tasks of the web process that take long."""
