"""Rules of coverage gaps: the limit, the pre-warning, who can still save a cell."""
