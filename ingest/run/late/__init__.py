"""Tasks behind the path: late fixes, and findings about devices hour by hour."""
