"""What every process stands on: database types, retries, loops, parts, clock, sockets, logs. Below all, kind: run."""
