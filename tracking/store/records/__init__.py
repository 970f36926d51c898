"""SQL of what is kept beside: the event log, holds, retention, migrations."""
