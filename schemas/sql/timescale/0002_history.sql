-- What was known before grows with time and is dropped by the chunk; nothing is ever changed in it.
SELECT create_hypertable('stay_growth', by_range('known_to', INTERVAL '7 days'), create_default_indexes => false, migrate_data => true);
SELECT create_hypertable('run_history', by_range('known_to', INTERVAL '7 days'), create_default_indexes => false, migrate_data => true);

-- Late data older than the refreshed days is in the materialised part only after `CALL refresh_continuous_aggregate`;
-- newer days than the materialised ones are added up as they are read.
DROP VIEW device_days;
CREATE MATERIALIZED VIEW device_days WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT device, time_bucket('1 day', t) AS day, count(*) AS fixes,
       count(*) FILTER (WHERE received - t > INTERVAL '60 s') AS late
FROM fixes GROUP BY 1, 2 WITH NO DATA;
SELECT add_continuous_aggregate_policy('device_days',
  start_offset => INTERVAL '14 days', end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '30 minutes');
