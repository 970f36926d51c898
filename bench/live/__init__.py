"""Parts of bench_live: a fleet that moves by rule, viewers as raw sockets, and their measurements."""
