-- Names that people and devices had before: texts of that time still say them.
CREATE TABLE former_names (
  name text NOT NULL,
  device int REFERENCES devices ON DELETE CASCADE,
  officer int REFERENCES officers ON DELETE CASCADE,
  UNIQUE NULLS NOT DISTINCT (device, officer, name),
  CHECK (num_nonnulls(device, officer) = 1)
);
CREATE INDEX former_names_officer ON former_names (officer);

CREATE FUNCTION keep_former_device_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO former_names (name, device)
  SELECT name, OLD.id FROM unnest(ARRAY[OLD.name, OLD.label]) AS former (name)
  WHERE name <> ALL (array_remove(ARRAY[NEW.name, NEW.label], NULL)) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER former_name AFTER UPDATE OF name, label ON devices FOR EACH ROW
  WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.label IS DISTINCT FROM NEW.label)
  EXECUTE FUNCTION keep_former_device_name();

CREATE FUNCTION keep_former_officer_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO former_names (name, officer)
  SELECT name, OLD.id FROM unnest(ARRAY[OLD.badge, OLD.name]) AS former (name)
  WHERE name <> ALL (ARRAY[NEW.badge, NEW.name]) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER former_name AFTER UPDATE OF badge, name ON officers FOR EACH ROW
  WHEN (OLD.badge IS DISTINCT FROM NEW.badge OR OLD.name IS DISTINCT FROM NEW.name)
  EXECUTE FUNCTION keep_former_officer_name();
