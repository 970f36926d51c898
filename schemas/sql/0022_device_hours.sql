-- How many fixes of each device came, by the hour (UTC) of the fix: counted when they are stored, each once.
CREATE TABLE device_hours (
  device int NOT NULL,
  hour timestamptz NOT NULL,
  fixes int NOT NULL,
  late int NOT NULL,                  -- received more than 60 s after the time of the fix
  recorder_known int NOT NULL,        -- fixes that say whether the recorder runs
  recorder_on int NOT NULL,
  PRIMARY KEY (device, hour)
);
INSERT INTO device_hours
SELECT device, date_trunc('hour', t, 'UTC'), count(*), count(*) FILTER (WHERE received - t > interval '60 s'),
       count(*) FILTER (WHERE flags & 2 <> 0), count(*) FILTER (WHERE flags & 6 = 6)
FROM fixes GROUP BY 1, 2;

-- Events of an officer's shift; shifts of a period.
CREATE INDEX bindings_held ON bindings (officer, t_from);
