"""Rules of plans and calendars: what each cell asks for at each moment."""
