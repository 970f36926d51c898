"""Examinations for `patrol db check` and `patrol doctor`: what is found, and what to do about it."""
