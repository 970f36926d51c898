-- The beat: roads to be walked, cut into pieces of at most 20 m, and checkpoints to be passed. What an import does not
-- have any more goes out of force and stays: the past is measured by what was in force then.
CREATE TABLE road_pieces (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key bytea NOT NULL,                 -- where the quarters of the piece lie: the same road again is the same piece
  lat double precision NOT NULL,      -- middle, WGS-84
  lon double precision NOT NULL,
  length_m real NOT NULL,
  valid_from timestamptz NOT NULL,    -- of the first import: the epoch
  valid_to timestamptz                -- NULL: in force
);
CREATE UNIQUE INDEX road_pieces_current ON road_pieces (key) WHERE valid_to IS NULL;
CREATE INDEX road_pieces_ended ON road_pieces (valid_to) WHERE valid_to IS NOT NULL;
CREATE TABLE checkpoints (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL,
  name text,
  lat double precision NOT NULL,      -- WGS-84
  lon double precision NOT NULL,
  valid_from timestamptz NOT NULL,
  valid_to timestamptz
);
CREATE UNIQUE INDEX checkpoints_current ON checkpoints (code) WHERE valid_to IS NULL;
CREATE INDEX checkpoints_ended ON checkpoints (valid_to) WHERE valid_to IS NOT NULL;
CREATE INDEX events_checkpoint ON events (t) WHERE type = 'checkpoint';

-- What each device did of the beat in an hour in which it sent fixes. It follows from the fixes: late ones replace it.
CREATE TABLE beat_hours (
  device int NOT NULL,
  hour timestamptz NOT NULL,          -- begin, UTC
  fixes int NOT NULL,                 -- of the hour, when it was gone over; other than in device_hours: it is again
  stale bool NOT NULL DEFAULT false,  -- to be gone over again for another reason
  pieces bytea,                       -- int4 of road_pieces.id each, little endian; NULL: no road was known
  seconds bytea,                      -- two int2 for each piece: first and last second of the hour it was walked in
  passes bytea,                       -- three int4 each: checkpoints.id, first and last ms from the hour's begin on; NULL: none known
  PRIMARY KEY (device, hour)
);
CREATE INDEX beat_hours_stale ON beat_hours (hour) WHERE stale;
