"""The law of order-independence: one set of fixes, however it arrives, gives one set of stays."""

from collections.abc import Sequence

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.tracking import timelines as tl
from tracking.presence.fixes import FixColumns
from tracking.presence.points import Logged


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


def whole(fixes: FixColumns, logged: Sequence[Logged] = (), *, steps: bool = False) -> tuple[object, object]:
    """Stays and runs when everything arrives at once."""
    store = tl.Store(tl.engine(steps=steps))
    store.receive(fixes, logged)
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


def stopping(seed: int, rounds: int) -> tuple[FixColumns, list[Logged]]:
    """An officer who stands for minutes in cell after cell, with gaps and poor fixes, and logs events now and then.

    Whether a stay is a visit hangs on the events alone, for nobody walks 150 m in any cell.
    """
    rng = np.random.default_rng(seed)
    s, points, logged = 0.0, [], []
    for _ in range(rounds):
        x, y = float(rng.uniform(-50, 1250)), float(rng.uniform(20, 280))
        stop = s + float(rng.uniform(100, 600))
        while s < stop:
            points.append((s, x + rng.normal(0, 3), y + rng.normal(0, 3)))
            if rng.random() < 0.04:
                logged.append(tl.logged(s + rng.uniform(-20, 20), x, y))
            s += float(rng.choice([1.0, 10.0, 30.0, 60.0, 121.0], p=[0.1, 0.5, 0.2, 0.15, 0.05]))
    return tl.track(points), logged


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_visits_by_events_do_not_depend_on_arrival(data: st.DataObject) -> None:
    """Events that come before, with or after their fixes, in any order and across a restart, give the same visits."""
    fixes, logged = stopping(data.draw(st.integers(0, 2**32)), data.draw(st.integers(1, 8)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    spread = data.draw(st.sampled_from([0.0, 2.0, 30.0, 1e6]))
    arrival = np.argsort(np.arange(len(fixes)) + rng.normal(0, spread, len(fixes)), kind="stable")
    parts = np.array_split(arrival, data.draw(st.integers(1, 12)))
    given_at = rng.integers(0, len(parts), len(logged))
    restart_at = data.draw(st.integers(-1, len(parts) - 1))
    store = tl.Store(tl.engine())
    for number, part in enumerate(parts):
        if number == restart_at:
            store.restart(tl.engine())
        store.receive(fixes.take(part), [each for each, at in zip(logged, given_at, strict=True) if at == number])
    store.settle()
    assert (store.known, store.runs) == whole(fixes, logged)


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
    store.restart(tl.engine())
    store.receive(fixes.take(slice(cut, len(fixes))))
    store.settle()
    assert (store.known, store.runs) == whole(fixes)
