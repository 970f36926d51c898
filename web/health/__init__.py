"""Health and metrics of the process."""
