"""Who may come in, and who may pass where."""
