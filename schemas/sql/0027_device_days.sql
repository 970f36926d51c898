-- A device's days (UTC): added up from its hours here; a continuous aggregate of the same columns on TimescaleDB.
CREATE VIEW device_days AS
SELECT device, date_trunc('day', hour, 'UTC') AS day, sum(fixes)::bigint AS fixes, sum(late)::bigint AS late
FROM device_hours GROUP BY 1, 2;

-- What is forgotten in time is found by it.
CREATE INDEX stay_growth_until ON stay_growth (known_to);
CREATE INDEX run_history_until ON run_history (known_to);
