"""Rules of units: allotment to workers, and accounts at the broker."""
