-- What was learned from stored stays, for the pre-warnings: a projection, learned again now and then.
CREATE TABLE learned (
  name text PRIMARY KEY,
  made_at timestamptz NOT NULL,
  signature text NOT NULL,            -- of the grid it was learned on; of another it says nothing
  body bytea NOT NULL
);
