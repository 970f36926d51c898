"""Faults of a TimescaleDB: what `patrol db check` calls each → how it is planted, and how grave it is."""

from patrol.checks.findings import CheckStatus

HYPERTABLE = "DROP TABLE run_history; CREATE TABLE run_history (LIKE runs)"
SUMMARY = """
DROP MATERIALIZED VIEW device_days;
CREATE VIEW device_days AS SELECT device, hour AS day, fixes, late FROM device_hours
"""
SEGMENTS = """
ALTER TABLE fixes SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'src', timescaledb.orderby = 't')
"""
INTERVAL = """
SELECT set_chunk_time_interval('fixes', INTERVAL '60 days');
INSERT INTO device_hours VALUES (77, date_trunc('hour', now() - interval '1 day'), 60480000, 0, 0, 0)
"""
NO_REFRESH = "SELECT remove_continuous_aggregate_policy('device_days')"
ENDLESS_REFRESH = """
SELECT remove_continuous_aggregate_policy('device_days');
SELECT add_continuous_aggregate_policy('device_days', start_offset => NULL, end_offset => INTERVAL '1 hour',
                                       schedule_interval => INTERVAL '30 minutes')
"""
NOT_REFRESHED = "INSERT INTO device_hours VALUES (77, date_trunc('hour', now() - interval '20 days'), 5, 0, 0, 0)"
LATE_COLUMNSTORE = """
SELECT alter_job(job_id, config => jsonb_set(config, '{compress_after}', '"90 days"'))
FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression'
"""
PAUSED = """
SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression'
"""
FAILED = """
INSERT INTO _timescaledb_internal.bgw_job_stat (
  job_id, last_start, last_finish, next_start, last_successful_finish, last_run_success, total_runs, total_duration,
  total_duration_failures, total_successes, total_failures, total_crashes, consecutive_failures,
  consecutive_crashes, flags)
SELECT job_id, now(), now(), now(), now(), false, 3, '1 s', '1 s', 1, 2, 0, 2, 0, 0
FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression'
"""

FAULTS: tuple[tuple[str, str, CheckStatus], ...] = (
    ("hypertables 超表", HYPERTABLE, CheckStatus.BAD),
    ("summary 汇总 device_days", SUMMARY, CheckStatus.BAD),
    ("columnstore 列存", SEGMENTS, CheckStatus.WARN),
    ("chunk interval 分块", INTERVAL, CheckStatus.WARN),
    ("policy 策略: refresh_continuous_aggregate", NO_REFRESH, CheckStatus.BAD),
    ("refresh 刷新范围", ENDLESS_REFRESH, CheckStatus.WARN),
    ("wide refresh 夜间刷新", NOT_REFRESHED, CheckStatus.WARN),
    ("columnstore after 列存时限", LATE_COLUMNSTORE, CheckStatus.WARN),
    ("job compression fixes", PAUSED, CheckStatus.WARN),
    ("job compression fixes", FAILED, CheckStatus.BAD),
)

GOES_WITH: dict[str, set[str]] = {
    "hypertables 超表": {"indexes 索引"},
    "summary 汇总 device_days": {"policy 策略: refresh_continuous_aggregate"},
}
"""What is lost with it and therefore found, too."""
