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

-- Stays that are going on, by device; and lists of stays and events, newest first.
CREATE INDEX stays_open ON stays (device) WHERE open AND known_to IS NULL;
CREATE INDEX stays_t_in ON stays (t_in DESC, id DESC);
CREATE INDEX events_device ON events (device, t DESC);
