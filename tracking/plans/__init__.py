"""Rules of plans and calendars: the requirements of each cell at each moment."""
