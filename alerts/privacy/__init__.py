"""Rules of redaction, which removes names that a reader may not see."""
