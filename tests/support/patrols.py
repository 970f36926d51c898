"""Small patrols over the lattice with all that happens to radio: what each device says, and when it arrives."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.support import lattice

T0 = 1_780_021_600_000
"""10:26 in the city, soon a peak time of business cells."""
MINUTE = 60_000
M_PER_LAT, M_PER_LON = 110_750.0, 102_470.0
UNIT = "team-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a device; times are ms since 1970-01-01 UTC."""

    arrives: int
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A fix before it is sent."""

    device: str
    t: int
    lat: float
    lon: float
    acc: float

    def body(self) -> dict[str, object]:
        """The wire's object."""
        return {"t": self.t, "lat": self.lat, "lon": self.lon, "acc": self.acc, "spd": 1.2}


def walk(rng: random.Random, device: str, minutes: int, columns: int) -> list[Fix]:
    """A patrol that goes from cell to cell, stays in some, and is silent now and then."""
    width, height = columns * lattice.STEP * M_PER_LON, lattice.STEP * M_PER_LAT
    x, y, t = rng.uniform(20, width - 20), rng.uniform(20, height - 20), T0 + rng.randrange(0, 5 * MINUTE)
    goal, made = (x, y), []
    while t < T0 + minutes * MINUTE:
        step = rng.choice([5, 10, 10, 20])
        if abs(goal[0] - x) + abs(goal[1] - y) < 20:
            # Mostly about the place, so that stays last.
            far = 150 if rng.random() < 0.75 else width
            goal = (min(max(x + rng.uniform(-far, far), -40), width + 40), rng.uniform(-20, height + 20))
        way = max(((goal[0] - x) ** 2 + (goal[1] - y) ** 2) ** 0.5, 1.0)
        share = min(1.3 * step / way, 1.0)
        x, y = x + (goal[0] - x) * share, y + (goal[1] - y) * share
        t += step * 1000 + (rng.randrange(3, 25) * MINUTE if rng.random() < 0.004 else 0)
        noise_x, noise_y = rng.gauss(0, 3), rng.gauss(0, 3)
        lat = lattice.SOUTH + (y + noise_y) / M_PER_LAT
        made.append(Fix(device=device, t=t, lat=lat, lon=lattice.WEST + (x + noise_x) / M_PER_LON, acc=5.0))
    return made


def deliveries(rng: random.Random, fixes: Sequence[Fix]) -> list[Said]:
    """Messages of one device: small arrays, some late by seconds, stretches buffered for minutes, some sent twice."""
    said: list[Said] = []
    buffered_until, flushed, at = 0, 0, 0
    while at < len(fixes):
        part = fixes[at : at + rng.randrange(1, 8)]
        at += len(part)
        newest = part[-1].t
        if newest > buffered_until and rng.random() < 0.03:
            buffered_until = newest + rng.randrange(3, 25) * MINUTE
            flushed = buffered_until + rng.choice([0, 30_000, 10 * MINUTE])
        # What is new goes out before the buffer does.
        arrives = (flushed if newest <= buffered_until else newest + 300) + (
            rng.randrange(2, 90) * 1000 if rng.random() < 0.05 else 0
        )
        said.append(message(part, arrives))
        if rng.random() < 0.05:
            said.append(message(part, arrives + rng.randrange(1, 10 * MINUTE)))
    return said


def message(fixes: Sequence[Fix], arrives: int) -> Said:
    """An array of fixes of one device."""
    body = json.dumps([fix.body() for fix in fixes]).encode()
    return Said(arrives=arrives, topic=f"patrol/v1/{UNIT}/{fixes[0].device}/fix", payload=body)


def sign_off(device: str, t: int) -> Said:
    """A device says that its patrol ends."""
    body = json.dumps({"t": t, "online": False}).encode()
    return Said(arrives=t + 500, topic=f"patrol/v1/{UNIT}/{device}/status", payload=body)


def shift(seed: int, *, devices: int = 3, minutes: int = 120, columns: int = 4, leaving: float = 0.4) -> list[Said]:
    """Everything that arrives in a shift, in order of arrival; `leaving` is the share of devices that sign off."""
    rng = random.Random(seed)  # noqa: S311 - test data
    said: list[Said] = []
    for number in range(devices):
        fixes = walk(rng, f"cam-{number + 1}", minutes, columns)
        said += deliveries(rng, fixes)
        if rng.random() < leaving:
            said.append(sign_off(fixes[-1].device, fixes[-1].t + 1000))
    return sorted(said, key=lambda one: one.arrives)


def by_minutes(said: Sequence[Said], minutes: float) -> Iterator[tuple[int, list[Said]]]:
    """Group arrivals: the end of each stretch of so many minutes, ms, and what arrived in it."""
    end = T0
    rest = list(said)
    while rest:
        end += round(minutes * MINUTE)
        taken = [one for one in rest if one.arrives <= end]
        rest = rest[len(taken) :]
        yield end, taken
