"""Prometheus metrics of a worker."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("patrol_messages_total", "Messages taken from the broker.")
FIXES = Counter("patrol_fixes_stored_total", "Fixes stored for the first time.")
DUPLICATES = Counter("patrol_fixes_duplicate_total", "Fixes whose key was stored already.")
LATE = Counter("patrol_fixes_late_total", "New fixes that came after newer ones of their device.")
EVENTS = Counter("patrol_events_stored_total", "Enforcement events stored for the first time.")
REPLIES = Counter("patrol_replies_total", "New answers of devices to their commands.")
REFUSALS = Counter("patrol_refusals_total", "Refused messages or parts of them.", ["reason"])
QUEUE = Gauge("patrol_queue_messages", "Messages that wait for the next batch.", multiprocess_mode="livesum")
QUEUE_BYTES = Gauge("patrol_queue_bytes", "Their payloads.", multiprocess_mode="livesum")
COMMIT = Histogram(
    "patrol_commit_seconds", "Time from a batch's first statement to its commit.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)  # fmt: skip
LAG = Histogram(
    "patrol_fix_lag_seconds", "Time of the newest fix of a batch to its commit.",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)  # fmt: skip
RETRIES = Counter("patrol_database_retries_total", "Attempts that failed because the database was away.")
POISON = Counter("patrol_poison_messages_total", "Messages refused because the database would not hold them.")
BROKEN = Counter("patrol_engine_failures_total", "Batches or windows whose stays could not be computed.")
WINDOWS = Counter("patrol_windows_recomputed_total", "Windows of late fixes recomputed.")
EXPIRED = Counter(
    "patrol_windows_expired_total",
    "Windows left as they were stored, since retention dropped fixes that belong to them.",
)
RETENTION_DROPPED = Counter("patrol_retention_dropped_total", "Rows dropped because they were old.", ["data"])
RETENTION_FAILURES = Counter(
    "patrol_retention_failures_total", "Classes of data that a pass could not go over.", ["data"]
)
RETENTION_AGE = Gauge(
    "patrol_retention_age_seconds",
    "Since the last pass of retention over the class that waits longest.",
    multiprocess_mode="max",
)
CONNECTED = Gauge("patrol_broker_connected", "1 while the session with the broker is up.", multiprocess_mode="livemin")
FEED_SKIPPED = Counter("patrol_feed_skipped_total", "Feed messages skipped because the broker reads too slowly.")
