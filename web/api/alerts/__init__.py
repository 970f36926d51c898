"""Routes of alerts, assignments, channels, rosters and rules."""
