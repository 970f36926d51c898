"""All findings in the fixes of one device for one hour. Pure: the same fixes give the same findings."""

from tracking.presence.fixes import FixColumns
from tracking.quality import clock, tracks
from tracking.quality.model import Finding, FindingKind

SLOT_MS = 3_600_000
SETTLE_MS = 900_000
"""An hour is reviewed once more this long after its end; later fixes come as windows."""
LEAD_MS = 3_600_000
"""Period before the hour that is examined too, so that earlier beginnings are found."""

_SIGNS = (tracks.mocked, tracks.identical, tracks.impossible, tracks.contradiction, tracks.time_stands)
KINDS = frozenset(
    {
        FindingKind.CLOCK_SKEW, FindingKind.MOCKED, FindingKind.IDENTICAL, FindingKind.IMPOSSIBLE,
        FindingKind.CONTRADICTION, FindingKind.TIME_STANDS,
    }
)  # fmt: skip


def slot_of(t: int) -> int:
    """Beginning of the hour that holds `t`, ms."""
    return t // SLOT_MS * SLOT_MS


def review(device: int, fixes: FixColumns, slot: int, refused: clock.Skew | None = None) -> list[Finding]:
    """Find everything that touches the hour that begins at `slot`.

    Args:
        device: number of the device.
        fixes: its fixes from an hour before the slot to its end, in any order.
        slot: ms.
        refused: error of the clock from refused fixes.
    """
    ordered = fixes.take(fixes.t.argsort(kind="stable"))
    findings = [finding for sign in _SIGNS if len(ordered) and (finding := sign(ordered)) is not None]
    findings += clock_of(device, ordered, slot, refused)
    return [finding for finding in findings if finding.until >= slot]


def clock_of(device: int, fixes: FixColumns, slot: int, refused: clock.Skew | None) -> list[Finding]:
    """Finding on the clock of the device, as in `review`."""
    skew = refused or clock.estimate(fixes.t, fixes.received)
    if skew is None or abs(skew.ms) <= clock.LIMIT_MS or skew.until < slot:
        return []
    numbers = {"skew_s": round(skew.ms / 1000), "n": skew.n}
    kind = FindingKind.CLOCK_SKEW
    return [Finding(device=device, kind=kind, since=skew.since, until=skew.until, evidence=numbers)]
