"""Tasks of alerts: watcher, timers, training, dispatch."""
