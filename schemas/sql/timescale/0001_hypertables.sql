-- Applied after the plain migrations where the timescaledb extension is available.
SELECT create_hypertable('fixes', by_range('t', INTERVAL '1 day'), create_default_indexes => false, migrate_data => true);
ALTER TABLE fixes SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device', timescaledb.orderby = 't');
CALL add_columnstore_policy('fixes', after => INTERVAL '7 days');
