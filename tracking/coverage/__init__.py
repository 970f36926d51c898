"""Rules of coverage: how long cells have waited, when they are due, and the indicators of a period."""
