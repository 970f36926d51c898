-- Photographs and recordings of events: the bytes lie in a folder under their hash, here is what is known of them.
CREATE TABLE media (
  sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  mime text NOT NULL,                 -- by how the file begins
  bytes bigint NOT NULL,
  stored_at timestamptz NOT NULL
);
CREATE INDEX media_stored ON media (stored_at);
-- Which events they belong to: those for which somebody sent the bytes. To know a hash opens nothing.
CREATE TABLE media_of_events (
  event text REFERENCES events ON DELETE CASCADE,
  sha256 text REFERENCES media ON DELETE CASCADE,
  PRIMARY KEY (event, sha256)
);
CREATE INDEX media_of_events_sha256 ON media_of_events (sha256);
-- Which events announce a file.
CREATE INDEX events_media ON events USING gin (media jsonb_path_ops) WHERE media <> '[]';
