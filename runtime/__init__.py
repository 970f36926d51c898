"""The base of every process: database types, retries, loops, parts, clock, sockets, logs. Kind: run."""
