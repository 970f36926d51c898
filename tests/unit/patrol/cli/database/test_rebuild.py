"""What `patrol rebuild` understands, and how it names what it finds."""

from zoneinfo import ZoneInfo

import pytest

from patrol.cli import errors
from patrol.cli.database.rebuild import described, moment
from tracking.presence.stays import Run, Stay, StayKind

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "end", "ms"),
    [
        ("2026-05-01", False, 1_777_564_800_000),
        ("2026-05-01", True, 1_777_651_200_000),
        ("2026-05-01T00:00:00Z", True, 1_777_593_600_000),
        ("2026-05-01T08:00:00+08:00", False, 1_777_593_600_000),
    ],
)
def test_moment_reads_days_and_times(text: str, end: bool, ms: int) -> None:
    """A day is local and means its begin or its end; a time has an offset."""
    assert moment(text, ZONE, end=end) == ms


@pytest.mark.parametrize("text", ["yesterday", "2026-05-01T08:00:00", "2026-13-01", "", "9999-12-31"])
def test_moment_says_how_to_write_what_it_cannot_read(text: str) -> None:
    """What is no time, or has no offset, is refused with the right way to write it."""
    with pytest.raises(errors.SetupError, match="write"):
        moment(text, ZONE, end=True)


def test_said_tells_stays_and_runs_apart() -> None:
    """What is stored and what must be are read side by side."""
    stay = Stay(
        device=1, cell=7, t_in=0, t_out=61_000, dwell_ms=60_500, path_m=12.3, fixes=9, kind=StayKind.SHORT, open=True
    )
    run = Run(device=1, t_first=0, lat_first=0, lon_first=0, t_last=90_000, lat_last=0, lon_last=0, open=False)
    assert described(stay) == "short in cell 7, 60.5 s, 12.3 m, 9 fixes, open"
    assert described(run) == "run, 90.0 s"
    assert described(None) == "-"
