-- Who owns devices and officers (the topic's unit level), who works when, and who carries which device.
CREATE TABLE units (
  code text PRIMARY KEY,              -- the topic's unit level
  name text NOT NULL,
  area text REFERENCES areas          -- the part of the city it answers for; NULL: not said, seen by the whole city only
);
INSERT INTO units (code, name, area)
SELECT DISTINCT d.unit, coalesce(a.name, d.unit), a.code FROM devices d LEFT JOIN areas a ON a.code = d.unit;

CREATE TABLE officers (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  badge text NOT NULL UNIQUE,
  name text NOT NULL,
  unit text NOT NULL REFERENCES units,
  valid_to timestamptz                -- NULL: in service
);

-- Duty rosters of officers: who should be where, from when to when.
CREATE TABLE shifts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  officer int NOT NULL REFERENCES officers,
  area text REFERENCES areas,         -- responsibility grid or street; NULL: the unit's area
  starts timestamptz NOT NULL,
  ends timestamptz NOT NULL,
  kind text NOT NULL DEFAULT 'patrol' CHECK (kind IN ('patrol', 'post')),
  CHECK (ends > starts)
);
CREATE INDEX shifts_officer ON shifts (officer, starts);
CREATE INDEX shifts_time ON shifts (starts, ends);

-- Who carries a device. One officer a device at a time; a row is ended, never changed.
CREATE TABLE bindings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device int NOT NULL REFERENCES devices,
  officer int NOT NULL REFERENCES officers,
  t_from timestamptz NOT NULL,
  t_to timestamptz,                   -- NULL: still
  made_by text NOT NULL,
  CHECK (t_to > t_from)
);
CREATE UNIQUE INDEX bindings_device ON bindings (device) WHERE t_to IS NULL;
CREATE UNIQUE INDEX bindings_officer ON bindings (officer) WHERE t_to IS NULL;
