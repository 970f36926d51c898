"""Rules of presence: which cell a fix is in, from when to when, and what counts as a visit."""
