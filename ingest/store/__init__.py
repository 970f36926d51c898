"""SQL of ingest: shares, boots and retention."""
