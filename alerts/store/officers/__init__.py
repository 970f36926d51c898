"""SQL of what alerts about officers are judged on."""
