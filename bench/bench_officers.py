"""Duration of one evaluation of the officers: `make bench-officers ARGS="--officers 6000 --strict"`.

The baseline is one pass of numpy over the same tables: what any rule that looks at every kept fix must cost.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from alerts.officers import evaluate, situation
from alerts.officers.situation import DeviceStatuses, Member, Subjects
from alerts.officers.thresholds import OfficerRule
from alerts.officers.tracks import BUCKET_MS, BUCKETS, NONE, Tracks, ZonedFixes
from tracking.city.people import Officer, Shift

NOW = 1_769_990_400_000
LIMIT_MS = 300.0
HOUR = 3_600_000
CITY_M = 8_000.0


def subjects(officers: int, *, troubled: float, seed: int = 1) -> Subjects:
    """Officers in mid-shift with an hour of tracks; a share of them stands, is away, silent, inaccurate or driving."""
    rng = np.random.default_rng(seed)
    tracks = Tracks()
    kind = np.where(rng.random(officers) < troubled, rng.integers(1, 6, officers), 0)
    home = rng.uniform(-CITY_M, CITY_M, (officers, 2))
    for number in range(officers):
        tracks.row(number + 1)
    steps = np.arange(BUCKETS - 1)
    t = NOW - (steps[::-1]) * BUCKET_MS
    for number in range(officers):
        turn = steps / 20 + number
        radius = {1: 2.0, 5: 900.0}.get(int(kind[number]), 120.0)
        x = home[number, 0] + radius * np.cos(turn) + rng.normal(0, 4, len(steps))
        y = home[number, 1] + radius * np.sin(turn) + rng.normal(0, 4, len(steps))
        kept = t <= NOW - (600_000 if kind[number] == 3 else 0)
        depth = np.full(len(steps), -200.0 if kind[number] == 2 else 300.0)
        depth[:100] = 300.0
        spd = np.full(len(steps), 9.0 if kind[number] == 5 else 1.3)
        acc = np.full(len(steps), 80.0 if kind[number] == 4 else 6.0)
        tracks.put(
            ZonedFixes(
                row=np.full(int(kept.sum()), number), t=t[kept], x=x[kept], y=y[kept], acc=acc[kept], spd=spd[kept],
                beat=depth[kept], team=depth[kept], recording=np.full(int(kept.sum()), NONE, np.int8),
            )
        )  # fmt: skip
    last = np.where(kind == 3, NOW - 600_000, NOW)
    return Subjects(
        now=NOW,
        members=[_member(number) for number in range(officers)],
        row=np.arange(officers, dtype=np.intp),
        statuses=DeviceStatuses(
            heard=last, fix_t=last, duty=np.full(officers, situation.DUTY, np.int16),
            battery=np.where(kind == 4, 15.0, 80.0), online=np.ones(officers, np.int8), status_at=last,
            signed_off=np.full(officers, NONE, np.int64),
        ),
        tracks=tracks,
        on_shift=np.ones(officers, np.bool_),
        pausing=np.zeros(officers, np.bool_),
        on_task=np.zeros(officers, np.bool_),
    )  # fmt: skip


def _member(number: int) -> Member:
    who = Officer(id=number + 1, badge=f"B{number}", name=f"B{number}", unit="u")
    shift = Shift(id=number, officer=number + 1, area="g", starts=NOW - 3 * HOUR, ends=NOW + 5 * HOUR, kind="patrol")
    return Member(
        device=number + 1, device_name=f"cam-{number}", unit="u", area="s", officer=who, shift=shift, own_beat=True,
        rule=OfficerRule(),
    )  # fmt: skip


def look(seen: Subjects) -> int:
    """One look with nothing standing yet: every trouble is judged and opened."""
    again = replace(seen, made=seen.columns)
    nothing = evaluate.StoredState(happenings=[], signs=[], opened=[], closed=[], known=set())
    return len(evaluate.evaluate(again, nothing))


def sweep(seen: Subjects) -> float:
    """Touch every kept fix once in every table."""
    return float(sum(np.nansum(table) for table in seen.tracks.tables.values()) + seen.tracks.t.sum())


def fastest_ms(work: Callable[[], object], times: int = 5) -> float:
    """Best of some runs, ms: the others were disturbed."""
    spans = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spans.append(time.perf_counter() - begun)
    return min(spans) * 1000


def main() -> None:
    """Measure and print; with --strict fail when a look takes too long."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--officers", type=int, default=6_000)
    given.add_argument("--json", type=Path)
    given.add_argument("--strict", action="store_true", help=f"fail above {LIMIT_MS:.0f} ms on a troubled day")
    args = given.parse_args()
    table = Table("day", "officers", "in trouble", "alerts", "ms a look", "times one sweep of the tables")
    rows = []
    for name, troubled in (("calm", 0.01), ("troubled", 0.1), ("disaster", 0.5)):
        seen = subjects(args.officers, troubled=troubled)
        ms, base = fastest_ms(partial(look, seen)), fastest_ms(partial(sweep, seen))
        row = {
            "day": name,
            "officers": args.officers,
            "troubled": troubled,
            "alerts": look(seen),
            "ms": ms,
            "ratio": ms / base,
        }
        rows.append(row)
        table.add_row(name, str(args.officers), f"{troubled:.0%}", str(row["alerts"]), f"{ms:.0f}", f"{ms / base:.1f}")
    Console().print(table)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")
    if args.strict and rows[1]["ms"] > LIMIT_MS:
        raise SystemExit(f"a look at {args.officers} officers takes {rows[1]['ms']:.0f} ms, more than {LIMIT_MS:.0f}")


if __name__ == "__main__":
    main()
