-- What was known when. A stay or run that grows changes in place; the state it had before goes into the history with
-- the time for which it was the state known. So the tables of today stay small, and any earlier view can be read again.

-- Why a version ended (reason) or came otherwise than in order (cause): {"kind", "device", "received"}.
ALTER TABLE stays ALTER COLUMN reason TYPE jsonb
  USING CASE WHEN reason IS NULL THEN NULL ELSE jsonb_build_object('kind', 'late') END;
ALTER TABLE stays ADD COLUMN cause jsonb;
ALTER TABLE stays ADD COLUMN grown_at timestamptz;      -- since when the state of the row is known; NULL: known_from

CREATE TABLE stay_growth (
  stay bigint NOT NULL,
  cell int NOT NULL,
  t_in timestamptz NOT NULL,
  t_out timestamptz NOT NULL,
  dwell_ms int NOT NULL,
  path_m double precision NOT NULL,
  fixes int NOT NULL,
  kind text NOT NULL,
  open bool NOT NULL,
  known_from timestamptz NOT NULL,
  known_to timestamptz NOT NULL
);
CREATE INDEX stay_growth_known ON stay_growth USING gist (tstzrange(known_from, known_to));

-- The last visit before a moment, and the visits that go on at it, in versions of all times.
DROP INDEX stays_visits;
CREATE INDEX stays_visits ON stays (cell, t_out DESC) WHERE kind = 'visit';
CREATE INDEX stays_during ON stays USING gist (tstzrange(t_in, greatest(t_in, t_out), '[]')) WHERE kind = 'visit';

ALTER TABLE runs ADD COLUMN known_from timestamptz;     -- since when the state of the row is known; NULL: ever
CREATE TABLE run_history (
  device int NOT NULL,
  t_first timestamptz NOT NULL,
  lat_first double precision NOT NULL,
  lon_first double precision NOT NULL,
  t_last timestamptz NOT NULL,
  lat_last double precision NOT NULL,
  lon_last double precision NOT NULL,
  open bool NOT NULL,
  known_from timestamptz,
  known_to timestamptz NOT NULL
);
CREATE INDEX run_history_known ON run_history USING gist (tstzrange(known_from, known_to));

ALTER TABLE sign_offs ADD COLUMN known_from timestamptz; -- NULL: ever

-- Each time the first fix ever heard from a street turned out to be older.
CREATE TABLE street_since (
  street text NOT NULL REFERENCES areas,
  since timestamptz NOT NULL,
  known_from timestamptz,                               -- NULL: ever
  PRIMARY KEY (street, since)
);
INSERT INTO street_since SELECT street, since, NULL FROM street_watch;

-- Why a stretch must be computed again: late, event, restart, failure, rebuild.
ALTER TABLE dirty_windows ADD COLUMN cause text NOT NULL DEFAULT 'late';
