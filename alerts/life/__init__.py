"""Rules of the life cycle of an alert: states, steps, facts."""
