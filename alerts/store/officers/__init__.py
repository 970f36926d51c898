"""SQL of the input of alerts about officers."""
