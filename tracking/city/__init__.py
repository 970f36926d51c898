"""Rules of the city: grid files, codes, people."""
