"""Reads recorded tracks: GPX, GeoLife PLT, CSV and GeoJSON become fixes; errors name the line.

Times without a zone are UTC. A fault in a point skips that point; a fault in the form of the file fails the file.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from schemas import topics, wire

FEET = 0.3048
_MS_FROM = 1e11
"""Numbers from here on are milliseconds since 1970, smaller ones seconds (which reach it in the year 5138)."""


class TraceError(ValueError):
    """The file is not a track of its format. The message names the line or feature."""


class PointError(ValueError):
    """One point cannot be a fix. The message is the reason, the same for all points with that fault."""


@dataclass(slots=True)
class Points:
    """Points of one file, in its order, and what was skipped."""

    fixes: list[tuple[str | None, wire.Fix]] = field(default_factory=list)
    """(Device if the file names one, fix)."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Reason → points."""
    first: dict[str, str] = field(default_factory=dict)
    """Reason → where it was met first."""

    @property
    def read(self) -> int:
        """Points in the file, taken or not."""
        return len(self.fixes) + self.skipped.total()

    def take(self, where: str, make: Callable[[], wire.Fix], device: str | None = None) -> None:
        """Add the fix that `make` gives, or note why there is none."""
        try:
            self.fixes.append((device_name(device) if device else None, make()))
        except PointError as error:
            self.skip(where, str(error))

    def skip(self, where: str, reason: str) -> None:
        """Note a point that cannot be a fix."""
        self.skipped[reason] += 1
        self.first.setdefault(reason, where)


def read(path: Path) -> Points:
    """Read a track by the format its name ends in.

    Raises:
        TraceError: the file cannot be read as that format.
    """
    from device_sim.replay import trace_formats  # noqa: PLC0415 - the formats build on this module

    reader = trace_formats.READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(trace_formats.READERS))
        raise TraceError(f"{path}: unknown kind of file {path.suffix!r}; known: {known}")
    try:
        points = reader(path)
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}") from error
    except TraceError as error:
        raise TraceError(f"{path}: {error}") from error
    if points.read == 0:
        raise TraceError(f"{path}: holds no points")
    return points


def device_name(text: str) -> str:
    """The nearest name that a device may have."""
    name = re.sub(r"[^A-Za-z0-9一-鿿._-]", "-", text.strip())[:64]
    name = re.sub(r"^[._-]+", "", name) or "trace"
    if topics.is_reserved(name):
        name = f"trace-{name}"[:64]
    if not topics.NAME.fullmatch(name):
        raise AssertionError(f"{name!r} is not a name of the wire contract")
    return name


def fix(
    t: int,
    lat: float,
    lon: float,
    *,
    acc: float | None = None,
    spd: float | None = None,
    hdg: float | None = None,
    alt: float | None = None,
) -> wire.Fix:
    """A fix of checked values; what is optional and out of range is left out as unknown.

    Raises:
        PointError: time or place are out of range.
    """
    if not (math.isfinite(lat) and math.isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180):
        raise PointError("place out of range")
    if not wire.EARLIEST_MS <= t <= wire.LATEST_MS:
        raise PointError("time out of range")
    return wire.Fix(
        t=t,
        lat=lat,
        lon=lon,
        acc=_within(acc, 0, 1e6),
        spd=_within(spd, 0, 400),
        hdg=_within(hdg, 0, 360),
        alt=_within(alt, -1_000, 20_000),
    )


def number(text: object, what: str) -> float:
    """A finite number that must be there.

    Raises:
        PointError: it is none.
    """
    value = optional(text)
    if value is None:
        raise PointError(f"no {what}")
    return value


def optional(text: object) -> float | None:
    """A finite number, or None where there is none."""
    if text is None or isinstance(text, bool) or not isinstance(text, int | float | str):
        return None
    try:
        value = float(text)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def moment(value: object) -> int:
    """Milliseconds since 1970 of seconds, milliseconds, or a date and time of ISO 8601.

    Raises:
        PointError: it is none of them.
    """
    if value is None or value == "":
        raise PointError("no time")
    as_number = optional(value)
    if as_number is not None:
        return round(as_number) if as_number >= _MS_FROM else round(as_number * 1000)
    try:
        parsed = datetime.fromisoformat(str(value).strip())
        aware = parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
        return round(aware.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise PointError("time not understood") from error


def first_of(names: Iterable[str], values: dict[str, object]) -> object:
    """The first of these names that has a value."""
    return next((values[name] for name in names if values.get(name) not in (None, "")), None)


def _within(value: float | None, low: float, high: float) -> float | None:
    return value if value is not None and low <= value <= high else None
