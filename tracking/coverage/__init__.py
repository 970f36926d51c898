"""Rules of coverage: waits of cells, due times, and the indicators of a period."""
