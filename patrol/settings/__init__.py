"""Settings and secrets of an installation."""
