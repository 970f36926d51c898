-- Credentials of devices. A password is not stored: it follows from the server's device key, the name and the generation.
ALTER TABLE devices
  ADD key_generation int NOT NULL DEFAULT 0,  -- 0: no credentials were made yet; each new password is the next
  ADD revoked_at timestamptz,                 -- NULL: it may come in
  ADD access_seq bigint NOT NULL DEFAULT 0;   -- number of the last change of what the broker must know
CREATE SEQUENCE device_access_seq;
CREATE INDEX devices_access ON devices (access_seq) WHERE access_seq > 0;

-- The lock is held to the commit, so a reader that saw number n has seen every smaller one.
CREATE FUNCTION note_device_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('patrol.device_access'));
  NEW.access_seq := nextval('device_access_seq');
  RETURN NEW;
END $$;
CREATE TRIGGER device_access BEFORE UPDATE OF unit, name, key_generation, revoked_at ON devices
FOR EACH ROW WHEN ((OLD.unit, OLD.name, OLD.key_generation, OLD.revoked_at)
  IS DISTINCT FROM (NEW.unit, NEW.name, NEW.key_generation, NEW.revoked_at))
EXECUTE FUNCTION note_device_access();
