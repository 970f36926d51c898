"""The law of order-independence: one set of fixes, however it arrives, gives one set of stays."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.tracking import timelines as tl
from tracking.fixes import FixColumns


def wandering(device: int) -> st.SearchStrategy[FixColumns]:
    """Tracks of `wander`."""
    return st.builds(wander, st.integers(0, 2**32), st.integers(2, 120), st.just(device))


def wander(seed: int, count: int, device: int) -> FixColumns:
    """A noisy track with gaps, jumps, stops, rides and poor fixes."""
    rng = np.random.default_rng(seed)
    gaps = rng.choice([1.0, 10.0, 10.0, 10.0, 30.0, 60.0, 119.0, 121.0, 900.0], count)
    s = np.cumsum(gaps)
    speed = rng.choice([0.0, 1.2, 1.2, 4.0, 12.0], count)
    heading = np.cumsum(rng.normal(0, 0.4, count))
    x = np.clip(150 + np.cumsum(np.cos(heading) * speed * np.minimum(gaps, 60)), -200, 1400) + rng.normal(0, 6, count)
    y = np.clip(150 + np.cumsum(np.sin(heading) * speed * np.minimum(gaps, 60)), -50, 350) + rng.normal(0, 6, count)
    jumps = rng.random(count) < 0.03
    made = tl.track(zip(s.tolist(), (x + jumps * 30_000).tolist(), y.tolist(), strict=True), device=device)
    made.acc[:] = rng.choice([4.0, 12.0, 40.0, 200.0, np.nan], count, p=[0.4, 0.4, 0.1, 0.05, 0.05])
    made.src[rng.random(count) < 0.03] = 4
    return made


def whole(fixes: FixColumns, *, steps: bool = False) -> tuple[object, object]:
    """Stays and runs when everything arrives at once."""
    store = tl.Store(tl.engine(steps=steps))
    store.receive(fixes)
    store.settle()
    return store.known, store.runs


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_stays_do_not_depend_on_arrival(data: st.DataObject) -> None:
    """Any permutation, duplication and batching of a set of fixes gives the same stays."""
    fixes = FixColumns.concat([data.draw(wandering(device)) for device in (1, 2)])
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    mess = data.draw(st.sampled_from(["shuffled", "nearly in order", "two halves swapped"]))
    arrival = np.argsort(fixes.t, kind="stable")
    if mess == "shuffled":
        arrival = rng.permutation(len(fixes))
    elif mess == "nearly in order":
        arrival = arrival[np.argsort(np.arange(len(fixes)) + rng.normal(0, 2, len(fixes)), kind="stable")]
    else:
        arrival = np.roll(arrival, len(fixes) // 2)
    arrival = np.append(arrival, rng.choice(arrival, len(fixes) // 5))
    cuts = np.sort(rng.integers(0, len(arrival), data.draw(st.integers(0, 12))))
    store = tl.Store(tl.engine())
    for part in np.split(arrival, cuts):
        store.receive(fixes.take(part))
    store.settle()
    assert (store.known, store.runs) == whole(fixes)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wandering(1))
def test_runs_taken_at_once_are_fixes_taken_singly(fixes: FixColumns) -> None:
    """The bulk path is the single path, to the last bit."""
    assert whole(fixes) == whole(fixes, steps=True)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wandering(1), st.integers(0, 10**6))
def test_a_restart_changes_nothing(fixes: FixColumns, at: int) -> None:
    """A new engine that knows only how far the store goes reaches the same stays."""
    store = tl.Store(tl.engine())
    cut = at % len(fixes)
    store.receive(fixes.take(slice(0, cut)))
    store.engine = tl.engine()
    if cut:
        store.engine.know(1, int(fixes.t[cut - 1]))
    for run in [run for run in store.runs.values() if run.open]:
        store._recompute(1, run.t_first, run.t_last)
    store.receive(fixes.take(slice(cut, len(fixes))))
    store.settle()
    assert (store.known, store.runs) == whole(fixes)
