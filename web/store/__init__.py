"""SQL that only the web part needs."""
