-- How long each class of data is kept, and what is exempt from it.
CREATE TABLE retention (
  class text PRIMARY KEY,             -- tracking.retention.DataClass
  days int CHECK (days > 0),          -- NULL: for ever
  floor timestamptz,                  -- nothing older is taken any more; NULL: nothing was ever dropped
  ran_at timestamptz NOT NULL DEFAULT now(),  -- when it was last gone over; the first time is a night after the tables were made
  dropped bigint NOT NULL DEFAULT 0,  -- rows, ever
  fault text,                         -- why the last time failed; NULL: it did not
  set_by text NOT NULL DEFAULT 'system',
  set_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO retention (class, days) VALUES
  ('fixes', 183), ('history', 90), ('visits', 1096), ('events', 1827), ('media', 183), ('alerts', 1096), ('audit', NULL);

-- Evidence: what a hold names is not dropped, however old, until the hold ends. A hold is released, never deleted.
CREATE TABLE legal_holds (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  why text NOT NULL CHECK (why <> ''),
  device int REFERENCES devices,      -- one of these four, or none: all that lies in the time
  officer int REFERENCES officers,
  area text REFERENCES areas,
  case_id text,
  t_from timestamptz,                 -- NULL: from the beginning
  t_to timestamptz,                   -- NULL: without end; not included
  until timestamptz,                  -- it ends by itself then; NULL: when it is released
  made_by text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  released_at timestamptz,
  released_by text,
  released_why text,
  CHECK (t_to > t_from),
  CHECK (num_nonnulls(device, officer, area, case_id) <= 1),
  CHECK (num_nonnulls(device, officer, area, case_id, t_from, t_to) > 0),
  CHECK (num_nonnulls(released_at, released_by, released_why) IN (0, 3))
);
CREATE FUNCTION legal_hold_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.released_at IS NULL AND (to_jsonb(NEW) - '{released_at,released_by,released_why}'::text[])
        = (to_jsonb(OLD) - '{released_at,released_by,released_why}'::text[]) THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'a legal hold is released, never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER legal_holds_kept BEFORE UPDATE OR DELETE ON legal_holds
  FOR EACH ROW EXECUTE FUNCTION legal_hold_is_kept();

-- Steps are still never changed; retention alone deletes those of alerts that are older than what is kept.
CREATE OR REPLACE FUNCTION alert_steps_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF current_setting('patrol.retention', true) = 'on'
        AND OLD.at < (SELECT floor FROM retention WHERE class = 'alerts') THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'steps of alerts are never changed or deleted: add a step instead'
    USING ERRCODE = 'insufficient_privilege';
END $$;

-- What retention walks along.
CREATE INDEX device_findings_kept ON device_findings (until);
CREATE INDEX commands_made ON commands (made_at);
CREATE INDEX deliveries_made ON deliveries (made_at);
CREATE INDEX refusals_at ON refusals (at);
