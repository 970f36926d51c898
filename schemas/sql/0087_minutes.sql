-- How many fixes of each unit's devices came, by the minute of the fix, of late: the figure of the last hour without
-- counting fixes. Workers add to it every few seconds, and forget what is older than two hours.
CREATE TABLE unit_minutes (
  minute timestamptz NOT NULL,
  unit text NOT NULL,
  fixes bigint NOT NULL,
  PRIMARY KEY (minute, unit)
) WITH (fillfactor = 50);
INSERT INTO unit_minutes
SELECT date_trunc('minute', f.t), d.unit, count(*) FROM devices d
CROSS JOIN LATERAL (SELECT t FROM fixes WHERE device = d.id AND t > now() - interval '2 hours') f GROUP BY 1, 2;
