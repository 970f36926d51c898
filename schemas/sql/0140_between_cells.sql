-- Time in which no fix said surely in which of two cells a device was: stored, grown and amended like a stay.
ALTER TABLE stays DROP CONSTRAINT stays_kind_check;
ALTER TABLE stays ADD CONSTRAINT stays_kind_check CHECK (kind IN ('visit', 'short', 'drive_through', 'between'));
ALTER TABLE stays ADD COLUMN other int;          -- of time between cells: the cell it may have been in instead
ALTER TABLE stay_growth ADD COLUMN other int;
CREATE INDEX stays_between ON stays (t_out) WHERE kind = 'between';
