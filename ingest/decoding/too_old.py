"""Pure: what is too old to be taken, and of what likely cause the operator is told, in both languages."""

from collections.abc import Iterator

import numpy as np

from ingest.decoding.faults import DecodeRefusal
from runtime import times
from schemas.refusals import Refusal
from tracking.presence.fixes import Bool, Int
from tracking.records.retention import DAY_MS

ROLLOVER_MS = 1024 * 7 * DAY_MS
"""A receiver counts GPS weeks to 1,024 and begins anew; one that does not know it is so far behind, or twice so far."""
_BUFFERED_MS = 31 * DAY_MS
"""So late may what it sends be beside."""
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
    """Refuse what one message, received at `received` (ms), holds of times `t` (ms), one refusal for each cause."""
    rolled = rolled_over(received - t)
    for reason, of in ((Refusal.WEEK_ROLLOVER, t[rolled]), (Refusal.TOO_OLD, t[~rolled])):
        if len(of):
            newest = int(of.max())
            days = (received - newest) // DAY_MS
            at = times.moment(max(newest, 0)).isoformat(timespec="seconds").replace("+00:00", "Z")
            weeks = 1024 * round((received - newest) / ROLLOVER_MS)
            # The bytes are not kept: they say where somebody was at a time of which nothing is kept.
            yield DecodeRefusal(reason, _CAUSES[reason].format(t=at, days=days, weeks=weeks), None, len(of))


def rolled_over(age: Int) -> Bool:
    """Which ages (ms) are those of a receiver whose count of weeks began anew, of fixes taken in the last month."""
    times_over = np.maximum(np.round(age / ROLLOVER_MS), 1)
    beside = age - times_over * ROLLOVER_MS
    return np.asarray((beside >= -_AHEAD_MS) & (beside <= _BUFFERED_MS), dtype=np.bool_)
