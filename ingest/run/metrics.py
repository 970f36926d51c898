"""Prometheus metrics of a worker."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("patrol_messages_total", "Messages taken from the broker.")
FIXES = Counter("patrol_fixes_stored_total", "Fixes stored for the first time.")
DUPLICATES = Counter("patrol_fixes_duplicate_total", "Fixes whose key was stored already.")
LATE = Counter("patrol_fixes_late_total", "New fixes that came after newer ones of their device.")
EVENTS = Counter("patrol_events_stored_total", "Enforcement events stored for the first time.")
REPLIES = Counter("patrol_replies_total", "New answers of devices to their commands.")
REPEATED = Counter(
    "patrol_messages_repeated_total", "Messages let go since their connection ended; the broker sends them again."
)
REFUSALS = Counter("patrol_refusals_total", "Refused messages or parts of them.", ["reason"])
QUEUE = Gauge("patrol_queue_messages", "Messages that wait for the next batch.", multiprocess_mode="livesum")
QUEUE_BYTES = Gauge("patrol_queue_bytes", "Their payloads.", multiprocess_mode="livesum")
QUEUE_FULL = Counter("patrol_queue_full_total", "Times reading from the broker paused, since the queue was full.")
COMMIT = Histogram(
    "patrol_commit_seconds", "Time from a batch's first statement to its commit.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)  # fmt: skip
LAG = Histogram(
    "patrol_fix_lag_seconds", "Time of the newest fix of a batch to its commit.",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)  # fmt: skip
STORE_LAG = Histogram(
    "patrol_store_lag_seconds", "Receipt of the oldest message of a batch to its commit.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60),
)  # fmt: skip
RETRIES = Counter("patrol_database_retries_total", "Attempts that failed because the database was away.", ["part"])
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
CLAIMED = Gauge(
    "patrol_claim_held", "1 while the units are ours; 0: another worker serves them.", multiprocess_mode="livesum"
)
SESSIONS = Counter("patrol_broker_sessions_total", "Connections made with the broker; each but the first is a retry.")
TAKEN = Counter("patrol_broker_sessions_taken_total", "Times that another client took a session over.")
CONNECTED = Gauge("patrol_broker_connected", "1 while the session with the broker is up.", multiprocess_mode="livesum")
ACKS_FORGOTTEN = Counter(
    "patrol_ack_boots_forgotten_total", "Boots of devices forgotten since too many are known; read again when heard."
)
FEED_SKIPPED = Counter("patrol_feed_skipped_total", "Feed messages skipped because the broker reads too slowly.")
