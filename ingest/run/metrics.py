"""Prometheus metrics of a worker."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("patrol_messages_total", "Messages received from the broker.")
FIXES = Counter("patrol_fixes_stored_total", "Fixes stored for the first time.")
DUPLICATES = Counter("patrol_fixes_duplicate_total", "Fixes that were stored already.")
LATE = Counter("patrol_fixes_late_total", "New fixes that arrived after newer ones of their device.")
EVENTS = Counter("patrol_events_stored_total", "Enforcement events stored for the first time.")
REPLIES = Counter("patrol_replies_total", "New answers of devices to commands.")
REPEATED = Counter(
    "patrol_messages_repeated_total", "Messages discarded because their connection ended; the broker sends them again."
)
REFUSALS = Counter("patrol_refusals_total", "Messages or parts of messages that were refused.", ["reason"])
QUEUE = Gauge("patrol_queue_messages", "Messages that wait for the next batch.", multiprocess_mode="livesum")
QUEUE_BYTES = Gauge(
    "patrol_queue_bytes", "Bytes of the payloads that wait for the next batch.", multiprocess_mode="livesum"
)
QUEUE_FULL = Counter("patrol_queue_full_total", "Times that reading from the broker paused because the queue was full.")
COMMIT = Histogram(
    "patrol_commit_seconds", "Time from the first statement of a batch to its commit.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)  # fmt: skip
LAG = Histogram(
    "patrol_fix_lag_seconds", "Time from the newest fix of a batch to its commit.",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)  # fmt: skip
STORE_LAG = Histogram(
    "patrol_store_lag_seconds", "Time from the receipt of the oldest message of a batch to its commit.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60),
)  # fmt: skip
RETRIES = Counter(
    "patrol_database_retries_total", "Attempts that failed because the database was not available.", ["part"]
)
POISON = Counter("patrol_poison_messages_total", "Messages refused because the database rejected them.")
BROKEN = Counter("patrol_engine_failures_total", "Batches or windows whose stays could not be computed.")
WINDOWS = Counter("patrol_windows_recomputed_total", "Windows of late fixes recomputed.")
EXPIRED = Counter(
    "patrol_windows_expired_total",
    "Windows not recomputed because retention dropped some of their fixes.",
)
RETENTION_DROPPED = Counter("patrol_retention_dropped_total", "Rows dropped by retention.", ["data"])
RETENTION_FAILURES = Counter(
    "patrol_retention_failures_total", "Retention passes over a class of data that failed.", ["data"]
)
CLAIMED = Gauge(
    "patrol_claim_held",
    "1 while this worker holds the claim on its units; 0 while another does.",
    multiprocess_mode="livesum",
)
SESSIONS = Counter("patrol_broker_sessions_total", "Connections to the broker; all but the first are retries.")
TAKEN = Counter("patrol_broker_sessions_taken_total", "Times that another client took a session over.")
CONNECTED = Gauge("patrol_broker_connected", "1 while the session with the broker is up.", multiprocess_mode="livesum")
ACKS_FORGOTTEN = Counter(
    "patrol_ack_boots_forgotten_total", "Boots of devices dropped from memory because there were too many."
)
FEED_SKIPPED = Counter("patrol_feed_skipped_total", "Feed messages skipped because the broker is too slow.")
