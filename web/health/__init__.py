"""Whether the process can do its work, and its figures."""
