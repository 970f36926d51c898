"""Tasks behind the path: late fixes, and cleaning hour by hour."""
