"""Parts of bench_live: a fleet that walks by rule, viewers as raw sockets, and what they saw."""
