-- Alerts that stood at a moment, however long ago.
CREATE INDEX alerts_during ON alerts USING gist (tstzrange(opened_at, greatest(ended_at, opened_at)))
  WHERE ended_at IS NOT NULL;
