"""Learns waits of cells and next cells of officers from stored stays, and its stored form. Pure."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from alerts.coverage import habits, outlook, risk
from runtime import times
from tracking.plans.calendars import DutyCalendar
from tracking.presence.fixes import Int

REFIT_MS = 6 * 3_600_000
"""Time until the next training."""
EARLY_REFIT_MS = 1_800_000
"""The same while most cells have too few visits."""
_FORMAT = 2
"""Version of the stored form; another one causes a new training."""


class TownCell(Protocol):
    """A cell in force."""

    @property
    def id(self) -> int:
        """Number in the store."""

    @property
    def cls(self) -> str:
        """Class."""


class LearningCity(Protocol):
    """The required data of the city (tracking.store.city)."""

    @property
    def cells(self) -> Sequence[TownCell]:
        """Cells in force."""

    @property
    def index(self) -> Mapping[int, int]:
        """Index in `cells` by the number of a cell."""

    @property
    def calendar(self) -> DutyCalendar:
        """Duty time."""


def signature(where: LearningCity) -> str:
    """Identifies the cells and classes of the training; it does not apply to others."""
    names = "/".join(f"{cell.id}:{cell.cls}" for cell in where.cells)
    return hashlib.sha256(f"{_FORMAT}/{names}".encode()).hexdigest()[:32]


def again_at(learned: outlook.Learned | None, made_at: int) -> int:
    """Time of the next training, ms, after one at `made_at`."""
    if learned is None:
        return 0
    known = (learned.survival.visits >= outlook.LEAST_VISITS).mean() if len(learned.survival.visits) else 1.0
    return made_at + (REFIT_MS if known >= 0.5 else EARLY_REFIT_MS)


def fit(where: LearningCity, rows: Sequence[Any], last: dict[int, int], now: int) -> outlook.Learned:
    """Train on stays.

    Args:
        where: the city.
        rows: stays (device, cell, t_in, t_out, valid) of a minute and more.
        last: newest fix of each device, ms.
        now: end of the known waits, ms.
    """
    inside = [row for row in rows if row["cell"] in where.index]
    device = np.array([row["device"] for row in inside], dtype=np.int64)
    cell = np.array([where.index[row["cell"]] for row in inside], dtype=np.intp)
    t_in, t_out = (_millis([row[name] for row in inside]) for name in ("t_in", "t_out"))
    valid = np.array([row["valid"] for row in inside], dtype=np.bool_)
    heard = np.array([last.get(number, 0) for number in device.tolist()], dtype=np.int64)
    stops = habits.Stops(
        device=device, cell=cell, t_in=t_in, t_out=t_out, valid=valid, counted=t_out + habits.SPAN_MS <= heard
    )
    order = np.lexsort((t_in, device))
    sorted_stops = habits.Stops(**{field.name: getattr(stops, field.name)[order] for field in fields(stops)})
    classes, class_of = classes_of(where)
    waits = waits_of(where, cell[valid], t_in[valid], t_out[valid], now)
    return outlook.Learned(
        survival=risk.fit(waits, class_of, max(len(classes), 1)), habits=habits.fit(sorted_stops, len(where.cells))
    )


def unlearned(where: LearningCity) -> outlook.Learned:
    """The state before any training."""
    classes, _ = classes_of(where)
    cells = len(where.cells)
    return outlook.Learned(survival=risk.unlearned(max(len(classes), 1), cells), habits=habits.unlearned(cells))


def classes_of(where: LearningCity) -> tuple[list[str], np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Classes of the city in order, and the index of the class of each cell."""
    names = sorted({cell.cls for cell in where.cells})
    at = {name: k for k, name in enumerate(names)}
    return names, np.array([at[cell.cls] for cell in where.cells], dtype=np.intp)


def waits_of(where: LearningCity, cell: Int, t_in: Int, t_out: Int, now: int) -> risk.Waits:
    """Waits between valid visits, in duty time; the last one of each cell is open."""
    order = np.lexsort((t_in, cell))
    cell, t_in, t_out = cell[order], t_in[order], t_out[order]
    # Visits of several officers may overlap: a wait begins when the last of them ends.
    ends = np.maximum.accumulate(t_out + cell * (1 << 44)) - cell * (1 << 44)
    more = np.append(cell[1:] == cell[:-1], False) if len(cell) else np.empty(0, dtype=np.bool_)
    until = np.where(more, np.append(t_in[1:], now) if len(cell) else t_in, now)
    some = until > ends
    waited = where.calendar.duty_ms(ends[some], until[some]) if some.any() else np.empty(0, dtype=np.int64)
    return risk.Waits(cell=cell[some], hour=hours(where, ends[some]), ms=waited, ended=more[some])


def hours(where: LearningCity, t: Int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Local hour of the day for moments, ms; each whole hour is looked up once."""
    whole, at = np.unique(t // 3_600_000, return_inverse=True)
    local = [datetime.fromtimestamp(hour * 3600, where.calendar.zone).hour for hour in whole.tolist()]
    return np.array(local, dtype=np.intp)[at] if len(t) else np.empty(0, dtype=np.intp)


def pack(learned: outlook.Learned) -> bytes:
    """The training as compressed columns."""
    columns = {f"survival.{f.name}": getattr(learned.survival, f.name) for f in fields(learned.survival)}
    columns |= {f"habits.{f.name}": np.asarray(getattr(learned.habits, f.name)) for f in fields(learned.habits)}
    target = io.BytesIO()
    np.savez_compressed(target, **columns)
    return target.getvalue()


def unpack(body: bytes) -> outlook.Learned:
    """The training from compressed columns."""
    with np.load(io.BytesIO(body), allow_pickle=False) as columns:
        survival = {f.name: columns[f"survival.{f.name}"] for f in fields(risk.Survival)}
        known = {f.name: columns[f"habits.{f.name}"] for f in fields(habits.Habits)}
    return outlook.Learned(
        survival=risk.Survival(**survival), habits=habits.Habits(**{**known, "cells": int(known["cells"])})
    )


def _millis(moments: Sequence[datetime]) -> Int:
    return np.array([times.millis(moment) for moment in moments], dtype=np.int64)
