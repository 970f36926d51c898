-- Indicators read the visits of a period, and who drove through, from the index alone.
CREATE INDEX stays_period ON stays (t_in) INCLUDE (cell, t_out) WHERE known_to IS NULL AND kind = 'visit';
CREATE INDEX stays_drives ON stays (t_in) INCLUDE (cell) WHERE known_to IS NULL AND kind = 'drive_through';
-- Visits that began in a window of their cell.
CREATE INDEX stays_begun ON stays (cell, t_in) WHERE kind = 'visit';
