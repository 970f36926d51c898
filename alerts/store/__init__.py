"""SQL of alerts, tasks, rosters and channels."""
