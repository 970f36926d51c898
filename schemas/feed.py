"""The live feed between worker and web processes, carried by the broker: packed columns, latest only, QoS 0.

Whatever must not be lost is in the database (table `lane`); the feed is only what is newest.
"""

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from schemas.topics import FEED_ROOT

COLUMNS: dict[str, str] = {
    "device": "<i4", "t": "<i8", "lat": "<f8", "lon": "<f8", "acc": "<f4", "spd": "<f4", "hdg": "<f4",
    "bat": "<f4", "duty": "u1", "src": "u1", "cell": "<i4",
}  # fmt: skip
"""Column → numpy type. Units as in `tracking.presence.fixes.FixColumns`; `cell` is -1 outside every cell."""

Columns = dict[str, NDArray[np.generic]]


class Positions(Struct, frozen=True, tag="positions"):
    """Newest position of the devices that moved since the last message of this worker."""

    worker: str
    n: int
    columns: dict[str, bytes]
    """Little-endian bytes of each column of COLUMNS, n values each."""


class LogHead(Struct, frozen=True, tag="lane"):
    """Hint that the event log has been committed up to `seq`."""

    worker: str
    seq: int


def topic(worker: str, what: str) -> str:
    """Topic on which `worker` publishes `what` ("positions" or "lane")."""
    return f"{FEED_ROOT}/{worker}/{what}"


ALL = f"{FEED_ROOT}/+/+"
"""Topic filter of a web process."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Positions | LogHead)


def encode_positions(worker: str, columns: Columns) -> bytes:
    """Pack columns, each an array of the same length and convertible to its type in COLUMNS."""
    packed = {name: np.ascontiguousarray(columns[name], dtype).tobytes() for name, dtype in COLUMNS.items()}
    return _encoder.encode(Positions(worker, len(columns["device"]), packed))


def encode_log_head(worker: str, seq: int) -> bytes:
    """Pack the hint that the event log is committed up to `seq`."""
    return _encoder.encode(LogHead(worker, seq))


def decode(payload: bytes) -> Positions | LogHead:
    """Unpack a message of the feed.

    Raises:
        msgspec.DecodeError: not a message of the feed.
    """
    message: Positions | LogHead = _decoder.decode(payload)
    return message


def columns_of(message: Positions) -> Columns:
    """Columns of `message` as arrays of length n.

    Raises:
        ValueError: a column is missing or has another length.
    """
    columns: Columns = {}
    for name, dtype in COLUMNS.items():
        column = np.frombuffer(message.columns.get(name, b""), dtype)
        if len(column) != message.n:
            raise ValueError(f"column {name} holds {len(column)} values, not {message.n}")
        columns[name] = column
    return columns
