-- The life of an alert: whose it is, who must act until when. alerts holds what the newest step left;
-- alert_steps is the record, only ever added to.
ALTER TABLE alerts DROP CONSTRAINT alerts_state_check;
ALTER TABLE alerts ADD CONSTRAINT alerts_state_check CHECK (state IN
  ('open', 'acknowledged', 'assigned', 'snoozed', 'escalated', 'resolved', 'withdrawn', 'closed'));
ALTER TABLE alerts
  ADD COLUMN officer int REFERENCES officers,           -- whom it is about, where it is about a person
  ADD COLUMN area text,                                 -- street it belongs to; NULL: the whole city's
  ADD COLUMN priority double precision NOT NULL DEFAULT 0, -- expected cost; the larger comes first within a level
  ADD COLUMN version int NOT NULL DEFAULT 0,            -- number of its newest step
  ADD COLUMN actor text NOT NULL DEFAULT 'system',      -- who took the newest step
  ADD COLUMN assignee int REFERENCES devices,           -- device that was sent there
  ADD COLUMN task text,                                 -- the order it was sent with, of tasks
  ADD COLUMN escalation smallint NOT NULL DEFAULT 0,    -- how often it went on to a next person
  ADD COLUMN escalates_at timestamptz,                  -- when it goes on by itself; NULL: never
  ADD COLUMN snoozed_until timestamptz;                 -- when it wakes
UPDATE alerts a SET version = (SELECT coalesce(max(n), 0) FROM alert_steps s WHERE s.alert = a.id);
CREATE INDEX alerts_standing ON alerts (area) WHERE ended_at IS NULL;
CREATE INDEX alerts_device ON alerts (device) WHERE ended_at IS NULL;
CREATE INDEX alerts_due ON alerts (least(escalates_at, snoozed_until))
  WHERE escalates_at IS NOT NULL OR snoozed_until IS NOT NULL;

ALTER TABLE alert_steps
  ADD COLUMN state text,                                -- after the step; NULL: from before states were kept
  ADD COLUMN request text;                              -- idempotency key of the request or timer that took it
CREATE UNIQUE INDEX alert_steps_request ON alert_steps (alert, request);

CREATE FUNCTION alert_steps_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'steps of alerts are never changed or deleted: add a step instead'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER alert_steps_kept BEFORE UPDATE OR DELETE ON alert_steps
  FOR EACH ROW EXECUTE FUNCTION alert_steps_are_kept();
CREATE TRIGGER alert_steps_kept_whole BEFORE TRUNCATE ON alert_steps
  FOR EACH STATEMENT EXECUTE FUNCTION alert_steps_are_kept();

-- Which supervisor answers for a part of the city, from when to when. Level 1 is told first, level 2 when an alert
-- was escalated once, and so on.
CREATE TABLE duty_rosters (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account text NOT NULL,
  area text REFERENCES areas,                           -- NULL: the whole city
  level smallint NOT NULL CHECK (level BETWEEN 1 AND 9),
  starts timestamptz NOT NULL,
  ends timestamptz NOT NULL,
  made_by text NOT NULL,
  CHECK (ends > starts)
);
CREATE INDEX duty_rosters_time ON duty_rosters (ends, starts);
CREATE UNIQUE INDEX duty_rosters_once ON duty_rosters (account, coalesce(area, ''), level, starts);
