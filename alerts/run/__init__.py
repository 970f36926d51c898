"""Tasks of alerts: the watcher, timers, learning, dispatch."""
