-- Where people and systems want to be told, and what was told to whom.
CREATE TABLE channels (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account text REFERENCES accounts ON DELETE CASCADE, -- whose; NULL: a system's, told of every step
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('webhook', 'apprise', 'webpush')),
  target jsonb NOT NULL,              -- address and secrets: never shown, never logged
  area text REFERENCES areas,         -- NULL: wherever the account is on duty; a system's: the whole city
  level text NOT NULL CHECK (level IN ('blue', 'yellow', 'orange', 'red')), -- the least urgent that is told
  quiet text[] CHECK (array_length(quiet, 1) = 2),    -- local times between which only urgent things are told
  digest_min int NOT NULL DEFAULT 0 CHECK (digest_min BETWEEN 0 AND 1440), -- what comes within is one message
  per_hour int NOT NULL CHECK (per_hour BETWEEN 1 AND 1000),
  enabled bool NOT NULL DEFAULT true,
  fault text,                         -- why it was disabled
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  removed_at timestamptz
);
CREATE INDEX channels_account ON channels (account) WHERE removed_at IS NULL;

-- The outbox: a row for each step and channel, written with the step. Its key makes duplicates impossible.
CREATE TABLE deliveries (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text NOT NULL UNIQUE,
  channel bigint NOT NULL REFERENCES channels ON DELETE CASCADE,
  alert bigint REFERENCES alerts,     -- NULL: a test
  step int,
  reason text NOT NULL,               -- the step, or test
  urgent bool NOT NULL,               -- waits for nothing
  state text NOT NULL CHECK (state IN
    ('waiting', 'sending', 'sent', 'failed', 'unsure', 'needless', 'dropped')),
  message text,                       -- id of the message that carries it; several rows are a digest
  made_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,        -- not sent before; while it is being sent, when its end becomes unknown
  tries int NOT NULL DEFAULT 0,
  ended_at timestamptz,
  detail text                         -- why not, or why not yet
);
CREATE INDEX deliveries_waiting ON deliveries (due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX deliveries_channel ON deliveries (channel, ended_at);
CREATE INDEX deliveries_alert ON deliveries (alert);
