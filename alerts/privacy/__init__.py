"""Rules of redaction: names that a reader may not see are taken out."""
