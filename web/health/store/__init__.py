"""SQL for health and metrics."""
