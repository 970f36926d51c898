-- Tables of the main job. Plain PostgreSQL; sql/timescale/ turns the large ones into hypertables where it can.

CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);
-- The live lane's epoch: a new database is a new epoch, a restart is not.
INSERT INTO meta VALUES ('epoch', gen_random_uuid()::text);

CREATE TABLE settings (key text PRIMARY KEY, value jsonb NOT NULL, updated_at timestamptz NOT NULL DEFAULT now());
INSERT INTO settings (key, value) VALUES
  ('time_zone', '"Asia/Shanghai"'),
  ('duty_windows', '[["00:00", "24:00"]]');

-- Areas above the unit cell: district > street > grid (责任网格).
CREATE TABLE areas (
  code text PRIMARY KEY,
  level text NOT NULL CHECK (level IN ('district', 'street', 'grid')),
  name text NOT NULL,
  parent text REFERENCES areas,
  owner text
);

-- Limits by class of cell; 'peak' is a list of [from, to] local times in which limit_peak_s holds.
CREATE TABLE cell_classes (
  class text PRIMARY KEY,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  limit_s int NOT NULL CHECK (limit_s > 0),
  limit_peak_s int NOT NULL CHECK (limit_peak_s > 0),
  peak jsonb NOT NULL,
  dwell_s int NOT NULL CHECK (dwell_s > 0),
  path_m real NOT NULL CHECK (path_m >= 0)
);
INSERT INTO cell_classes VALUES
  ('business', '商务', 'business', 7200, 3600, '[["11:00", "13:00"], ["17:00", "23:00"]]', 300, 150),
  ('public', '学校医院车站', 'school, hospital, station', 5400, 5400, '[]', 300, 150),
  ('institution', '单位', 'institution', 14400, 14400, '[]', 180, 150),
  ('residential', '居民', 'residential', 14400, 14400, '[]', 120, 150);

CREATE TABLE cells (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,          -- 14 or 15 digits, never reused
  name text,
  grid text NOT NULL REFERENCES areas,
  class text NOT NULL REFERENCES cell_classes,
  weight real NOT NULL DEFAULT 1,
  area_m2 double precision NOT NULL,
  road_m real,                        -- NULL: not known
  geometry jsonb NOT NULL,            -- GeoJSON Polygon, WGS-84
  synthetic bool NOT NULL DEFAULT false,
  valid_from timestamptz NOT NULL DEFAULT now(),
  valid_to timestamptz                -- NULL: in force
);

CREATE TABLE devices (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,          -- the topic's device level, unique in the city
  unit text NOT NULL,
  label text,                         -- what people call it, for example the officer's badge
  datum text NOT NULL DEFAULT 'wgs84' CHECK (datum IN ('wgs84', 'gcj02', 'bd09', 'cgcs2000')),
  enrolled_at timestamptz NOT NULL DEFAULT now(),
  online bool,                        -- NULL: never said
  status_at timestamptz,
  battery real
);

-- Every accepted fix, once: the log from which all else is computed.
CREATE TABLE fixes (
  device int NOT NULL,
  t timestamptz NOT NULL,
  received timestamptz NOT NULL,
  lat double precision NOT NULL,      -- WGS-84
  lon double precision NOT NULL,
  raw_lat double precision,           -- as sent, where the device's datum differs
  raw_lon double precision,
  acc real, spd real, hdg real, alt real,
  bat real,
  sat smallint,
  src smallint NOT NULL,              -- schemas.wire.SOURCE_CODE
  duty smallint NOT NULL,             -- schemas.wire.DUTY_CODE
  flags smallint NOT NULL,            -- schemas.wire.FixFlag bits
  seq bigint,
  boot text,
  PRIMARY KEY (device, t)
);

-- Late fixes make a window of their device dirty; written with the fixes, removed with the recomputed stays.
CREATE TABLE dirty_windows (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device int NOT NULL,
  t_lo timestamptz NOT NULL,
  t_hi timestamptz NOT NULL,
  received timestamptz NOT NULL
);

-- Every maximal presence of a device in a cell, valid visit or not. A row is replaced, never changed,
-- except that the newest stay of a device grows in place. known_to NULL: what is known now.
CREATE TABLE stays (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device int NOT NULL,
  cell int NOT NULL,
  t_in timestamptz NOT NULL,
  t_out timestamptz NOT NULL,
  dwell_ms int NOT NULL,
  path_m double precision NOT NULL,
  fixes int NOT NULL,
  kind text NOT NULL CHECK (kind IN ('visit', 'short', 'drive_through')),
  open bool NOT NULL,                 -- no later fix has ended it
  known_from timestamptz NOT NULL,
  known_to timestamptz,
  reason text                         -- why the earlier version no longer holds
);
CREATE UNIQUE INDEX stays_current ON stays (device, t_in) WHERE known_to IS NULL;
CREATE INDEX stays_cell ON stays (cell, t_out DESC) WHERE known_to IS NULL;
CREATE INDEX stays_known ON stays (known_from);

CREATE TABLE events (
  id text PRIMARY KEY,                -- ULID
  device int NOT NULL,
  t timestamptz NOT NULL,
  received timestamptz NOT NULL,
  lat double precision NOT NULL,
  lon double precision NOT NULL,
  acc real,
  type text NOT NULL,
  text text,
  subject text,
  media jsonb NOT NULL DEFAULT '[]',
  case_id text,
  cell int
);
CREATE INDEX events_t ON events (t DESC);

CREATE TABLE alerts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text NOT NULL UNIQUE,           -- one alert per kind, object and gap: duplicates are impossible
  kind text NOT NULL,
  cell int,
  device int,
  level text NOT NULL CHECK (level IN ('blue', 'yellow', 'orange', 'red')),
  state text NOT NULL CHECK (state IN ('open', 'resolved', 'withdrawn', 'closed')),
  opened_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  ended_at timestamptz,
  facts jsonb NOT NULL                -- the numbers it was decided on, for the sentence that explains it
);
CREATE INDEX alerts_open ON alerts (state, level);
CREATE TABLE alert_steps (
  alert bigint NOT NULL REFERENCES alerts,
  n int NOT NULL,
  at timestamptz NOT NULL,
  step text NOT NULL,                 -- opened, raised, lowered, resolved, withdrawn, ...
  level text NOT NULL,
  actor text NOT NULL,                -- 'system' or an account
  facts jsonb NOT NULL,
  PRIMARY KEY (alert, n)
);

-- The live lane: what viewers must see exactly once and in order. seq is taken under an advisory lock that is
-- held to the commit, so a reader that saw seq n has seen every smaller one.
CREATE TABLE lane (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,                 -- alert, event, stay, device, grid
  body jsonb NOT NULL
);

CREATE TABLE refusals (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  reason text NOT NULL,
  topic text NOT NULL,
  detail text NOT NULL,
  payload bytea                       -- its first 1,024 bytes; NULL where keeping them would keep personal data
);
CREATE INDEX refusals_reason ON refusals (reason, id DESC);
CREATE TABLE refusal_counts (reason text PRIMARY KEY, n bigint NOT NULL);

CREATE TABLE accounts (
  name text PRIMARY KEY,
  password_hash text NOT NULL,
  role text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  disabled bool NOT NULL DEFAULT false
);
CREATE TABLE sessions (
  token_hash bytea PRIMARY KEY,       -- SHA-256 of the cookie's value
  account text NOT NULL REFERENCES accounts ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE TABLE api_tokens (
  token_hash bytea PRIMARY KEY,       -- SHA-256 of the token
  name text NOT NULL,
  role text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz              -- NULL: does not expire
);
