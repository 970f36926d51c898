"""Checks for `patrol db check` and `patrol doctor`: findings, and what to do about them."""
