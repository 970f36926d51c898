"""Rules of the life of an alert: states, steps, sentences."""
