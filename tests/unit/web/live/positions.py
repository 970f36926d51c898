"""Feed columns for tests of the live part."""

from typing import Any

import numpy as np

from schemas import feed

NOW = 1_780_000_000_000


def columns(*rows: dict[str, Any]) -> feed.Columns:
    """Columns of rows such as {"device": 1, "lat": 23.1, "lon": 114.4}; the rest has usual values."""
    usual: dict[str, Any] = {"t": NOW, "acc": 5, "spd": 1.5, "hdg": 90, "bat": 80, "duty": 0, "src": 0, "cell": -1}
    return {name: np.array([{**usual, **row}[name] for row in rows], dtype=kind) for name, kind in feed.COLUMNS.items()}


def scattered(n: int, *, seed: int, west: float = 114.3, south: float = 23.0, width: float = 0.2) -> feed.Columns:
    """N devices with slots 1 … n spread evenly over a square."""
    random = np.random.default_rng(seed)
    return {
        "device": np.arange(1, n + 1, dtype=np.int32),
        "t": np.full(n, NOW, dtype=np.int64),
        "lat": south + width * random.random(n),
        "lon": west + width * random.random(n),
        "acc": np.full(n, 5, dtype=np.float32),
        "spd": np.full(n, 1, dtype=np.float32),
        "hdg": np.full(n, 45, dtype=np.float32),
        "bat": np.full(n, 50, dtype=np.float32),
        "duty": np.zeros(n, dtype=np.uint8),
        "src": np.zeros(n, dtype=np.uint8),
        "cell": np.full(n, -1, dtype=np.int32),
    }
