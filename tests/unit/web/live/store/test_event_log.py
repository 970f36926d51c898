"""The event log's ring: in order, nothing lost, nothing twice, never a partial recovery."""

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from web.live.store import event_log

AT = datetime(2026, 5, 1, tzinfo=UTC)


def items(*seqs: int) -> list[event_log.Item]:
    """Items with these numbers."""
    return [event_log.Item(seq, AT, "event", f'{{"n":{seq}}}') for seq in seqs]


@given(
    gaps=st.lists(st.integers(1, 4), max_size=60),
    start=st.integers(0, 20),
    max_items=st.integers(1, 40),
    step=st.integers(1, 7),
)
def test_reader_of_a_ring_gets_each_item_once_in_order_or_is_told(
    gaps: list[int], start: int, max_items: int, step: int
) -> None:
    """From any offset a reader gets exactly what follows it, or None when some of that is gone."""
    ring = event_log.Ring(max_items=max_items)
    ring.start(0)
    seqs = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    for at in range(0, len(seqs), 5):
        ring.append(items(*seqs[at : at + 5]))
    wanted = [seq for seq in seqs if seq > start]
    lost = len(seqs) > max_items and start < seqs[-max_items - 1]
    assert (ring.after(start, step) is None) == lost
    assert ring.resumable(start) == (not lost and start <= (seqs[-1] if seqs else 0))
    got: list[int] = []
    offset = start
    while not lost and (part := ring.after(offset, step)):
        got += [item.seq for item in part]
        offset = got[-1]
    assert got == ([] if lost else wanted)


def test_ring_is_bounded_by_bytes() -> None:
    """Large bodies push old items out before there are many of them."""
    ring = event_log.Ring(max_items=1000, max_bytes=100)
    ring.start(0)
    ring.append([event_log.Item(seq, AT, "event", "x" * 40) for seq in range(1, 6)])
    assert ring.floor == 3
    assert [item.seq for item in ring.after(3, 10) or []] == [4, 5]


def test_resume_from_a_number_never_given_is_refused() -> None:
    """A viewer that knows more than the event log was with another database."""
    ring = event_log.Ring()
    ring.start(5)
    assert not ring.resumable(6)
    assert ring.resumable(5)
    assert not ring.resumable(4)


def test_encode_writes_the_message_of_the_page() -> None:
    """Numbers, times with milliseconds, kinds and bodies stand as the page says."""
    message = msgspec.json.decode(event_log.encode(items(3, 4)))
    first = {"seq": 3, "at": "2026-05-01T00:00:00.000Z", "kind": "event", "body": {"n": 3}}
    assert message["type"] == "lane"
    assert message["items"][0] == first
    assert [item["seq"] for item in message["items"]] == [3, 4]
