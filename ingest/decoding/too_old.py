"""Refuses data that is too old, with the likely cause in both languages. Pure."""

from collections.abc import Iterator

import numpy as np

from ingest.decoding.faults import DecodeRefusal
from runtime import times
from schemas.refusals import Refusal
from tracking.presence.fixes import Bool, Int
from tracking.records.retention import DAY_MS

ROLLOVER_MS = 1024 * 7 * DAY_MS
"""GPS week rollover: a receiver that does not handle it is behind by this, or a multiple."""
_BUFFERED_MS = 31 * DAY_MS
"""Further delay of such data."""
_AHEAD_MS = DAY_MS
_CAUSES = {
    Refusal.WEEK_ROLLOVER: (
        "t is {weeks:,} weeks behind ({t}): the receiver's GPS week number rolled over; update its firmware "
        "接收机 GPS 周数翻转：请升级终端固件"
    ),
    Refusal.TOO_OLD: (
        "t is {days:,} days old ({t}), older than the period kept (`patrol retention show`): set the device's clock "
        "早于保存期限，多为终端时钟错误：请校准终端时钟"
    ),
}


def refusals(t: Int, received: int) -> Iterator[DecodeRefusal]:
    """Refuse the times `t` (ms) of a message received at `received` (ms), one refusal for each cause."""
    rolled = rolled_over(received - t)
    for reason, of in ((Refusal.WEEK_ROLLOVER, t[rolled]), (Refusal.TOO_OLD, t[~rolled])):
        if len(of):
            newest = int(of.max())
            days = (received - newest) // DAY_MS
            at = times.moment(max(newest, 0)).isoformat(timespec="seconds").replace("+00:00", "Z")
            weeks = 1024 * round((received - newest) / ROLLOVER_MS)
            # The bytes are not kept: they would be positions beyond the retention.
            yield DecodeRefusal(reason, _CAUSES[reason].format(t=at, days=days, weeks=weeks), None, len(of))


def rolled_over(age: Int) -> Bool:
    """Ages (ms) explained by a GPS week rollover of a fix from the last month."""
    times_over = np.maximum(np.round(age / ROLLOVER_MS), 1)
    beside = age - times_over * ROLLOVER_MS
    return np.asarray((beside >= -_AHEAD_MS) & (beside <= _BUFFERED_MS), dtype=np.bool_)
