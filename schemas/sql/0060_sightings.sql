-- Where a device seems to have been by fixes that cannot be believed: its clock is so far ahead that they are refused
-- ('ahead', a row for five minutes of receipt), or its datum is in doubt ('datum', rows of a shift, by the datum that fits).
-- A sighting is never a visit; it may hide one.
CREATE TABLE sightings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device int NOT NULL,
  cell int NOT NULL,
  why text NOT NULL CHECK (why IN ('ahead', 'datum')),
  slot timestamptz NOT NULL,          -- five minutes of receipt, or start of the shift
  t_from timestamptz NOT NULL,
  t_to timestamptz NOT NULL,
  known_from timestamptz NOT NULL,
  known_to timestamptz                -- NULL: is so by all that is known
);
CREATE UNIQUE INDEX sightings_ahead ON sightings (device, cell, slot) WHERE why = 'ahead';
CREATE INDEX sightings_datum ON sightings (device, slot) WHERE why = 'datum' AND known_to IS NULL;
CREATE INDEX sightings_time ON sightings (t_to);
CREATE INDEX device_findings_doubts ON device_findings (device) WHERE known_to IS NULL AND kind = 'datum_doubt';
