"""SQL and files of tracking, by subject."""
