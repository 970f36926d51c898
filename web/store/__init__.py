"""SQL used only by the web process."""
