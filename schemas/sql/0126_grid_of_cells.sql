-- The grid of a cell is a matter of its division from 0130 on; this index goes with its column, and by name, so that
-- `patrol db check` does not miss it.
DROP INDEX IF EXISTS cells_grid;
