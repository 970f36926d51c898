"""The feed carries the newest place of each device and nothing older."""

from typing import Any

import numpy as np

from ingest.run.feed import FeedPublisher
from schemas import feed
from schemas.wire import FixFlag
from tracking.presence.fixes import FixColumns

Row = tuple[int, int, int]


def fixes(*rows: Row, **columns: Any) -> tuple[FixColumns, np.ndarray[Any, np.dtype[np.int32]]]:
    """Fixes and cells from (device, t, cell)."""
    known = {"device": [d for d, _, _ in rows], "t": [t for _, t, _ in rows], **columns}
    return FixColumns.from_columns(len(rows), **known), np.array([cell for _, _, cell in rows], np.int32)


class Listener:
    """Keeps what was published."""

    def __init__(self) -> None:
        self.heard: list[Row] = []
        self.heads: list[int] = []

    def __call__(self, topic: str, payload: bytes) -> None:
        """Decode a message of the feed."""
        message = feed.decode(payload)
        if isinstance(message, feed.LogHead):
            assert topic == "patrol-feed/v1/w1/lane"
            self.heads.append(message.seq)
            return
        assert topic == "patrol-feed/v1/w1/positions"
        columns = feed.columns_of(message)
        self.heard += zip(*(columns[name].tolist() for name in ("device", "t", "cell")), strict=True)


def test_tick_publishes_the_newest_of_each_device_once() -> None:
    """Of several batches between two ticks only the newest place counts; a tick without news says nothing."""
    listener = Listener()
    sender = FeedPublisher("w1", listener)
    sender.offer(*fixes((1, 10, 5), (2, 10, 6), (1, 30, 7), (1, 20, 8)))
    sender.offer(*fixes((2, 40, -1)))
    sender.tick()
    sender.tick()
    assert sorted(listener.heard) == [(1, 30, 7), (2, 40, -1)]


def test_late_fix_does_not_move_a_device_back() -> None:
    """A place older than the one sent is not sent."""
    listener = Listener()
    sender = FeedPublisher("w1", listener)
    sender.offer(*fixes((1, 30, 7)))
    sender.tick()
    sender.offer(*fixes((1, 20, 8), (2, 5, 1)))
    sender.tick()
    assert listener.heard == [(1, 30, 7), (2, 5, 1)]


def test_receiver_without_a_position_is_not_shown() -> None:
    """A fix at latitude and longitude zero moves nobody into the sea."""
    listener = Listener()
    sender = FeedPublisher("w1", listener)
    sender.offer(*fixes((1, 30, -1), flags=[int(FixFlag.NULL_ISLAND)]))
    sender.tick()
    assert listener.heard == []


def test_log_head_is_published_when_it_moves() -> None:
    """Batches without event log items say nothing."""
    listener = Listener()
    sender = FeedPublisher("w1", listener)
    for head in (None, 3, 2, None):
        sender.reached(head)
    sender.tick()
    sender.tick()
    sender.reached(4)
    sender.tick()
    assert listener.heads == [3, 4]
