"""Script time of a page's main thread by frame, from a trace of Chromium."""

from collections.abc import Iterator
from typing import Any

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "__metadata"]
SCRIPT = frozenset({"FunctionCall", "EvaluateScript", "RunMicrotasks", "MinorGC", "MajorGC", "V8.GCScavenger"})
"""Events in which scripts run, or the memory of scripts is tidied."""
FRAME = "FireAnimationFrame"

Event = dict[str, Any]


def frames_ms(events: list[Event]) -> tuple[list[float], float]:
    """Processor time of scripts in each frame, ms, and the length of the trace, s.

    A frame reaches from one animation callback of the page, the first after a pause, to the next; what runs between
    two frames (messages, timers) belongs to the one before. The compositor, the rasteriser and the graphics process are
    other threads and not in it, and neither is waiting for them: it is the thread's processor time that counts.
    """
    thread = _page_thread(events)
    mine = sorted((e for e in events if (e["pid"], e["tid"]) == thread and "ts" in e), key=lambda e: e["ts"])
    starts = _frame_starts(mine)
    if len(starts) < 2:
        return [], 0.0
    spent = [0.0] * (len(starts) - 1)
    at = 0
    for event in _outermost(mine):
        while at < len(spent) and event["ts"] >= starts[at + 1]:
            at += 1
        if at == len(spent):
            break
        if event["ts"] >= starts[0]:
            spent[at] += float(event["tdur"] if "tdur" in event else event["dur"]) / 1000
    return spent, (starts[-1] - starts[0]) / 1e6


def _page_thread(events: list[Event]) -> tuple[int, int]:
    """Process and thread in which most animation frames are fired."""
    found: dict[tuple[int, int], int] = {}
    for event in events:
        if event.get("name") == FRAME:
            key = event["pid"], event["tid"]
            found[key] = found.get(key, 0) + 1
    if not found:
        raise ValueError("the trace has no animation frame: the page was not drawn")
    return max(found, key=lambda key: found[key])


SAME_FRAME_US = 3_000
"""Callbacks of one frame follow each other; each has at most so much between its end and the next."""


def _frame_starts(events: list[Event]) -> list[float]:
    starts: list[float] = []
    last_end = float("-inf")
    for event in events:
        if event.get("name") == FRAME:
            if event["ts"] > last_end + SAME_FRAME_US:
                starts.append(event["ts"])
            last_end = max(last_end, event["ts"] + event.get("dur", 0))
    return starts


def _outermost(events: list[Event]) -> Iterator[Event]:
    """Script events that are not within another one."""
    end = float("-inf")
    for event in events:
        if event.get("name") in SCRIPT and event.get("ph") == "X" and event["ts"] >= end:
            end = event["ts"] + event.get("dur", 0)
            yield event
