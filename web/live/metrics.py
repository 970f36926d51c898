"""Metrics of the live part."""

from prometheus_client import Counter, Gauge, Histogram

VIEWERS = Gauge("patrol_live_viewers", "Viewers connected.", multiprocess_mode="livesum")
FEED_CONNECTED = Gauge(
    "patrol_live_feed_connected",
    "1 while positions of the workers arrive over the broker.",
    multiprocess_mode="livemin",
)
FEED_LOST = Counter(
    "patrol_live_feed_losses_total", "Times that the connection to the feed was lost or could not be made."
)
LAG = Histogram(
    "patrol_live_lag_seconds", "Age of the newest position of a tick when it is sent to viewers.",
    buckets=(0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)  # fmt: skip
LOG_LAG = Histogram(
    "patrol_live_lane_lag_seconds", "Time from an entry of the event log to its reading: alerts, visits, events.",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60),
)  # fmt: skip
LOG_HEAD = Gauge("patrol_live_lane_head", "Greatest sequence number read from the event log.", multiprocess_mode="max")
POSITIONS = Counter("patrol_live_positions", "New positions received from the feed.")
BAD_FEED = Counter("patrol_live_bad_feed", "Feed messages that could not be read.")
FAULTS = Counter("patrol_live_faults", "Failures of a source of live data.", ["source"])
TICK_SECONDS = Histogram(
    "patrol_live_tick_seconds", "Time to make a tick.", buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
)
SENT_BYTES = Counter("patrol_live_sent_bytes", "Bytes sent to viewers.")
FRAMES = Counter("patrol_live_frames", "Position frames sent to viewers.", ["kind"])
SKIPPED = Counter("patrol_live_skipped_ticks", "Ticks that viewers were too slow to take.")
ENDED = Counter("patrol_live_ended", "Viewers disconnected by the server.", ["reason"])
