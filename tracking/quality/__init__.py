"""Rules of data quality: findings about clocks, datums and tracks. They flag and never delete."""
