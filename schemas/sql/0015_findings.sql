-- Stretches of a device's time that late fixes have changed: whoever holds something computed from the fixes reads on
-- from what it knows. Kept for a day. (dirty_windows are gone once the stays are computed again.)
CREATE TABLE late_windows (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device int NOT NULL,
  t_lo timestamptz NOT NULL,
  t_hi timestamptz NOT NULL,
  received timestamptz NOT NULL
);
CREATE INDEX late_windows_received ON late_windows (received);
CREATE FUNCTION note_late_windows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO late_windows (device, t_lo, t_hi, received) SELECT device, t_lo, t_hi, received FROM added;
  RETURN NULL;
END $$;
CREATE TRIGGER dirty_windows_noted AFTER INSERT ON dirty_windows
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_late_windows();

-- What is wrong with what a device sends, one row a kind and hour. It follows from the fixes; a row that late fixes
-- disprove is ended, never deleted.
CREATE TABLE device_findings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device int NOT NULL REFERENCES devices,
  kind text NOT NULL,                 -- tracking.cleaning.model.FindingKind
  slot timestamptz NOT NULL,          -- beginning of the hour, or of the shift, it was found in
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  evidence jsonb NOT NULL,
  known_from timestamptz NOT NULL,
  known_to timestamptz                -- NULL: is so by all that is known
);
CREATE UNIQUE INDEX device_findings_current ON device_findings (device, kind, slot) WHERE known_to IS NULL;
CREATE INDEX device_findings_until ON device_findings (until) WHERE known_to IS NULL;

-- A thin sample of places of moving devices, by which a track that is sent again is recognised. Kept for 30 days.
CREATE TABLE track_marks (
  mark bigint NOT NULL,               -- the place, in units of a millionth of a degree
  device int NOT NULL,
  t timestamptz NOT NULL,
  PRIMARY KEY (mark, device, t)
);
CREATE INDEX track_marks_t ON track_marks (t);
