"""Rules of data quality: findings about clocks, datums and tracks. Findings never change data."""
