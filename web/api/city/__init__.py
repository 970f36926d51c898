"""Routes of cells, coverage, indicators, plans, imports and the ground of the map."""
