"""SQL of the city: divisions, grids, roads, people, plans, rules, calendars."""
