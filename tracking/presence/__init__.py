"""Rules of presence: the cell of each fix, the begin and end of stays, and valid visits."""
