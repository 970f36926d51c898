-- Which workers run: one row each, refreshed every few seconds; the web process reads it for /readyz and /stats.
CREATE TABLE workers (
  id text PRIMARY KEY,
  started timestamptz NOT NULL,
  heartbeat timestamptz NOT NULL,
  units text[] NOT NULL,
  counters jsonb NOT NULL DEFAULT '{}'
);

-- The back-fill takes the windows of one device together.
CREATE INDEX dirty_windows_device ON dirty_windows (device);

-- A visit that is going on, by cell; and lists of stays, newest first.
CREATE INDEX stays_open ON stays (cell) WHERE open AND kind = 'visit' AND known_to IS NULL;
CREATE INDEX stays_t_in ON stays (t_in DESC, id DESC);
CREATE INDEX events_device ON events (device, t DESC);
