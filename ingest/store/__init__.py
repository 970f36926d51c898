"""SQL of ingest: shares, boots, and dropping what is old."""
