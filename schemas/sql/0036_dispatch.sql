-- Orders to devices. A command is written with the step that gives it; a worker publishes it and marks it sent.
CREATE TABLE commands (
  id text PRIMARY KEY,                -- idempotency key; the device sees it too
  device int NOT NULL REFERENCES devices,
  type text NOT NULL,                 -- goto, cancel, notify
  body jsonb NOT NULL,                -- cell, lat, lon (WGS-84), text, as the type needs
  made_at timestamptz NOT NULL,
  expires timestamptz NOT NULL,       -- after it nobody sends it and no device follows it
  next_at timestamptz NOT NULL,       -- not tried before; while it is being sent, when another worker may take it over
  tries int NOT NULL DEFAULT 0,
  sent_at timestamptz                 -- the broker has it
);
CREATE INDEX commands_waiting ON commands (next_at) WHERE sent_at IS NULL;
CREATE INDEX commands_device ON commands (device, made_at DESC);

-- An officer sent to an alert.
CREATE TABLE tasks (
  id text PRIMARY KEY REFERENCES commands,
  alert bigint NOT NULL REFERENCES alerts,
  device int NOT NULL REFERENCES devices,
  officer int REFERENCES officers,
  cell int,
  state text NOT NULL CHECK (state IN
    ('given', 'accepted', 'arrived', 'done', 'refused', 'expired', 'cancelled')),
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  deadline timestamptz,               -- for the next answer, then it expires; NULL: it ended
  reason text                         -- what the officer wrote, or why it ended
);
CREATE INDEX tasks_alert ON tasks (alert);
CREATE INDEX tasks_deadline ON tasks (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX tasks_made ON tasks (made_at DESC, id DESC);

-- What devices answered, stored with the messages that carried it; taken_at says that the task followed.
CREATE TABLE replies (
  command text NOT NULL REFERENCES commands,
  state text NOT NULL,
  t timestamptz NOT NULL,
  received timestamptz NOT NULL,
  text text,
  taken_at timestamptz,
  PRIMARY KEY (command, state)
);
CREATE INDEX replies_waiting ON replies (received) WHERE taken_at IS NULL;
