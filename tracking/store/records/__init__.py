"""SQL of other records: the event log, holds, retention, migrations."""
