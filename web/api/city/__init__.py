"""Routes of cells, coverage, indicators, plans, imports and the base map."""
