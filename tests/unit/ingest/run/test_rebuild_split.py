"""Computing a period again, however it is split, gives what live processing gave of whatever arrived how."""

from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.run import rebuild
from tests.unit.tracking import timelines as tl
from tests.unit.tracking.presence.test_order import stopping, wander
from tracking.presence.fixes import FixColumns
from tracking.presence.points import Logged
from tracking.presence.stays import Run, Stay, StoredStays
from tracking.store.presence.projection import Stretch

GAP = 120_000


def live(rng: np.random.Generator, fixes: FixColumns, logged: list[Logged]) -> tl.Store:
    """A store after fixes in any order, some twice, in any batches, with the events somewhere among them."""
    store = tl.Store(tl.engine())
    arrival = np.append(rng.permutation(len(fixes)), rng.integers(0, len(fixes), len(fixes) // 5))
    parts = np.array_split(arrival, rng.integers(1, 8))
    given_at = rng.integers(0, len(parts), len(logged))
    for number, part in enumerate(parts):
        store.receive(fixes.take(part), [each for each, at in zip(logged, given_at, strict=True) if at == number])
    store.settle()
    return store


def runs_of(fixes: FixColumns) -> list[FixColumns]:
    """Stored fixes in order, cut where nothing came for two minutes."""
    ordered = fixes.take(np.unique(fixes.t, return_index=True)[1])
    cuts = np.flatnonzero(np.diff(ordered.t) > GAP) + 1
    return [ordered.take(rows) for rows in np.split(np.arange(len(ordered)), cuts)]


def again(fixes: FixColumns, logged: list[Logged], lo: int, hi: int) -> dict[tuple[str, int], Stay | Run]:
    """Stays and runs of the runs that touch `lo` to `hi`, each by an engine that knows nothing."""
    found: dict[tuple[str, int], Stay | Run] = {}
    for run in runs_of(fixes):
        first, last = int(run.t[0]), int(run.t[-1])
        if first > hi or last < lo:
            continue
        ended = Run(device=1, t_first=first, lat_first=0, lon_first=0, t_last=last, lat_last=0, lon_last=0, open=False)
        part = Stretch(
            device=1, lo=first, hi=last, fixes=run, stored=StoredStays([], [ended]),
            logged=[each for each in logged if first <= each.t <= last],
        )  # fmt: skip
        made = rebuild.expected(tl.engine(), part, int(fixes.t.max()))
        found |= {("stay", stay.t_in): stay for stay in made.stays}
        found |= {("run", each.t_first): each for each in made.runs}
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.booleans(), st.lists(st.floats(0, 1), max_size=6))
def test_any_split_of_a_period_gives_what_live_processing_gave(seed: int, stands: bool, cuts: list[float]) -> None:
    """Parts that cut through stays and runs, silences and single fixes: together they are what is stored."""
    rng = np.random.default_rng(seed)
    fixes, logged = stopping(seed, 5) if stands else (wander(seed, 120, 1), [])
    store = live(rng, fixes, logged)
    stored: dict[tuple[str, int], Stay | Run] = {("stay", t_in): stay for (_, t_in), stay in store.known.items()}
    stored |= {("run", t_first): run for (_, t_first), run in store.runs.items()}
    first, last = int(fixes.t.min()), int(fixes.t.max())
    bounds = sorted({first, last + 1, *(first + round(cut * (last - first)) for cut in cuts)})
    together: dict[tuple[str, int], Stay | Run] = {}
    for lo, hi in pairwise(bounds):
        together |= again(fixes, logged, lo, hi - 1)
    assert together == stored
    assert stored
