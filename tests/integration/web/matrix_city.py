"""A city of two streets for the matrix: the same things in both, each with marks that show where a text came from.

A new route: put what its path can name into OBJECTS, its queries into QUERIES, a valid body into BODIES, and data of
it for both streets into `build`. Whatever shows a mark of the other street is a leak.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alerts.life.life import Act, ActRefusal
from alerts.life.model import GAP, UNDERSTAFFED, Change, Level, Step
from alerts.store.store import act_on, apply_on
from runtime import db
from schemas import rest, wire
from tests.integration.web.conftest import store_fixes
from tests.integration.web.matrix_street import MINUTE, NOW, Street
from tests.support import divided
from tests.support.stored_facts import as_stored
from tracking.presence.stays import Stay, StayChange, StayKind
from tracking.store.presence import stay_store
from tracking.store.records import event_log
from tracking.store.tracks import event_store

if TYPE_CHECKING:
    from runtime.db import Connection


async def build(conn: "Connection", *both: Street) -> None:
    """Put the same things into each street."""
    await conn.execute("INSERT INTO areas VALUES ('441302', 'district', 'District', NULL, NULL)")
    for street in both:
        await _ground(conn, street)
        await _people(conn, street)
        await _happened(conn, street)
    for street, other in (both, both[::-1]):
        await _visitor(conn, street, other)
        await _gossip(conn, street, other)


async def _ground(conn: "Connection", street: Street) -> None:
    mark = street.mark
    await conn.execute(
        "INSERT INTO areas VALUES ($1, 'street', $2, '441302', NULL), ($3, 'grid', $4, $1, $5)",
        street.code, f"{mark}-street", street.grid, f"{mark}-grid", f"{mark}-owner",
    )  # fmt: skip
    geometry = f'{{"type": "Polygon", "coordinates": [{street.ring()}]}}'
    street.ids["cell"] = await divided.add_cell(conn, street.cell, street.grid, geometry, f"{mark}-cell")


async def _people(conn: "Connection", street: Street) -> None:
    mark = street.mark
    await conn.execute("INSERT INTO units VALUES ($1, $2, $3)", street.unit, f"{mark}-unit", street.code)
    for n in range(1, street.devices + 1):
        device = await conn.fetchval(
            "INSERT INTO devices (name, unit, label, online) VALUES ($1, $2, $3, true) RETURNING id",
            f"{mark}-cam-{n}", street.unit, f"{mark}-badge-{n}",
        )  # fmt: skip
        officer = await conn.fetchval(
            "INSERT INTO officers (badge, name, unit) VALUES ($1, $2, $3) RETURNING id",
            f"{mark}-badge-{n}", f"{mark}-officer-{n}", street.unit,
        )  # fmt: skip
        await conn.execute(
            """INSERT INTO bindings (device, officer, t_from, made_by) VALUES ($1, $2, now() - interval '1 d', $3)""",
            device, officer, f"{mark}-binder",
        )  # fmt: skip
        street.ids.setdefault("device", device)
        street.ids.setdefault("officer", officer)
        street.ids[f"device{n}"] = device
        street.ids["shift"] = await conn.fetchval(
            """INSERT INTO shifts (officer, area, starts, ends) VALUES ($1, $2, now() - interval '4 h',
            now() + interval '4 h') RETURNING id""",
            officer, street.grid,
        )  # fmt: skip
        times = [db.millis(NOW) - k * MINUTE for k in range(10, 0, -1)]
        place = {"lat": [street.lat + 1e-5] * 10, "lon": [street.lon + 1e-5] * 10}
        await store_fixes(conn, device, times, **place)
        await conn.execute(
            "INSERT INTO runs VALUES ($1, $2, $4, $5, $3, $4, $5, true)",
            device, db.moment(times[0]), db.moment(times[-1]), street.lat, street.lon,
        )  # fmt: skip


async def _happened(conn: "Connection", street: Street) -> None:
    async with conn.transaction():
        await event_log.append(conn, await event_store.insert(conn, [event_of(street, street.event)]))
        await event_log.append(conn, await stay(conn, street, street, 2))
    street.ids["alert"] = await warn(conn, street, "first")
    street.ids["roster"] = await conn.fetchval(
        """INSERT INTO duty_rosters (account, area, level, starts, ends, made_by)
        VALUES ($1, $2, 1, now() - interval '1 h', now() + interval '8 h', $3) RETURNING id""",
        f"{street.mark}-account", street.code, f"{street.mark}-maker",
    )  # fmt: skip
    street.ids["hold"] = await conn.fetchval(
        "INSERT INTO legal_holds (why, area, made_by, released_at, released_by, released_why) "
        "VALUES ($1, $2, $1, now(), $1, $1) RETURNING id",
        f"{street.mark}-case", street.code,
    )  # fmt: skip
    street.ids["channel"] = await conn.fetchval(
        """INSERT INTO channels (name, kind, target, level, per_hour, made_at, made_by)
        VALUES ($1, 'webhook', $2, 'red', 9, now(), 'x') RETURNING id""",
        f"{street.mark}-channel", f'{{"url": "https://{street.mark}.example/"}}',
    )  # fmt: skip
    await conn.execute(
        """INSERT INTO deliveries (key, channel, alert, step, reason, urgent, state, made_at, due_at)
        VALUES ($1, $2, $3, 1, 'opened', true, 'waiting', now(), now())""",
        f"{street.mark}-delivery", street.ids["channel"], street.ids["alert"],
    )  # fmt: skip


async def _visitor(conn: "Connection", street: Street, other: Street) -> None:
    """A device of `street` that made a visit and an event in the other street, and stands in its alert's facts."""
    async with conn.transaction():
        await event_log.append(conn, await stay(conn, street, other, 1))
        said = f"{street.mark}-badge-1"
        for key, kind, text in (
            ("9", "05.01", None),
            ("8", "sign_in", said),
            ("7", "05.02", f"和{street.mark}-officer-1一起"),
        ):
            event = event_of(other, other.event[:-1] + key, device=street.ids["device"], kind=kind, text=text)
            await event_log.append(conn, await event_store.insert(conn, [event]))
    await warn(conn, other, "second", officer=f"{street.mark}-cam-1")
    if street.code < other.code:
        return  # who sees that device sees where it was: only the other street's would be a leak
    # An alert about a device that happened on this ground belongs to the device.
    about = {"device": street.ids["device"], "officer": street.ids["officer"], "area": other.code}
    facts = {
        "device": f"{street.mark}-cam-1", "name": f"{street.mark}-officer-1", "badge": f"{street.mark}-badge-1",
        "at": rest.rfc3339(NOW),
    }  # fmt: skip
    await apply_on(conn, [_change(f"sos:{street.mark}:away", "sos", db.millis(NOW), facts, **about)])


def gossip(street: Street) -> str:
    """What somebody types about the people of a street: each name in each way to write it, between any signs."""
    chance = random.Random(street.mark)  # noqa: S311 - the same in every run
    ways: list[Callable[[str], str]] = [
        str, str.upper, str.title, "\u200b".join, " ".join,
        lambda name: name.replace("-", " "),
        lambda name: "".join(chr(ord(sign) + 0xFEE0) for sign in name),
    ]  # fmt: skip
    around = [" ", ".", "。", "，", "(", "）", "与", "在", "!", "？", "\n", "“", "/", "…", "'s "]
    names = [f"{street.mark}-{name}" for name in ("cam-1", "badge-1", "badge-2", "officer-1", "officer-2", "former-1")]
    said = [write(name) for name in names for write in ways]
    chance.shuffle(said)
    return "".join(f"{chance.choice(around)}{each}{chance.choice(around)}" for each in said)


async def _gossip(conn: "Connection", street: Street, other: Street) -> None:
    """Free text of every kind in a street that names people of the other one, somebody who left among them."""
    said = gossip(other)
    await conn.execute("INSERT INTO officers (badge, name, unit) VALUES ($1, $1, $2)",
                       f"{other.mark}-former-1", other.unit)  # fmt: skip
    await conn.execute("UPDATE officers SET name = 'somebody else', valid_to = now() WHERE badge = $1",
                       f"{other.mark}-former-1")  # fmt: skip
    await conn.execute("UPDATE officers SET badge = $2 WHERE badge = $1",
                       f"{other.mark}-former-1", f"{other.mark}-badge-9")  # fmt: skip
    await conn.execute("UPDATE devices SET label = $2 WHERE name = $1", f"{street.mark}-cam-2", said)
    await conn.execute("UPDATE areas SET owner = $2, name = name || $2 WHERE code = ANY ($1)",
                       [street.code, street.grid], said)  # fmt: skip
    await conn.execute("UPDATE division_cells SET name = name || $2 WHERE code = $1", street.cell, said)
    await conn.execute("UPDATE units SET name = name || $2 WHERE code = $1", street.unit, said)
    await conn.execute("INSERT INTO calendar_days VALUES ($1, true, $2, $2, now(), 'x')",
                       NOW.date() + timedelta(days=street.devices), gossip(street))  # fmt: skip
    async with conn.transaction():
        named = wire.Event(
            id=street.event[:-1] + "6", t=db.millis(NOW) - MINUTE, lat=street.lat, lon=street.lon,
            type=f"{other.mark}-badge-1", text=said, case=f"{other.mark.upper()}-BADGE-1。",
        )  # fmt: skip
        event = event_store.StoredEvent(
            device=street.ids["device"], received=db.millis(NOW), content=named, lat=street.lat, lon=street.lon,
            cell=street.ids["cell"],
        )  # fmt: skip
        await event_log.append(conn, await event_store.insert(conn, [event]))
    for act in (
        Act(step=Step.NOTED, at=db.millis(NOW), actor=f"{other.mark}-cam-1", facts=as_stored(text=said)),
        Act(step=Step.SNOOZED, at=db.millis(NOW), until=db.millis(NOW) + 60 * MINUTE, actor="x",
            facts=as_stored(reason=said, until=rest.rfc3339(NOW + timedelta(hours=1)), any=[{"deep": said}])),
    ):  # fmt: skip
        async with conn.transaction():
            assert not isinstance(await act_on(conn, street.ids["alert"], act), ActRefusal | None)
    order = f"task-{street.mark}"
    await conn.execute("INSERT INTO commands VALUES ($1, $2, 'goto', '{}', now(), now(), now())",
                       order, street.ids["device"])  # fmt: skip
    await conn.execute(
        """INSERT INTO tasks (id, alert, device, cell, state, made_at, made_by, updated_at, reason)
        VALUES ($1, $2, $3, $4, 'refused', now(), $5, now(), $6)""",
        order, street.ids["alert"], street.ids["device"], street.ids["cell"], f"{other.mark}-badge-1", said,
    )  # fmt: skip


def event_of(
    street: Street, key: str, *, device: int | None = None, kind: str = "05.01", text: str | None = None
) -> event_store.StoredEvent:
    """An event in the street's cell."""
    said = wire.Event(
        id=key, t=db.millis(NOW) - MINUTE, lat=street.lat, lon=street.lon, type=kind,
        media=[wire.Media(sha256=street.media, mime="image/jpeg", bytes=len(street.picture))],
        text=text or f"{street.mark}-text", subject=f"{street.mark}-subject", case=f"{street.mark}-case",
    )  # fmt: skip
    return event_store.StoredEvent(
        device=device or street.ids["device"], received=db.millis(NOW), content=said, lat=street.lat, lon=street.lon,
        cell=street.ids["cell"],
    )  # fmt: skip


async def stay(conn: "Connection", who: Street, where: Street, n: int) -> list[event_log.Item]:
    """A visit of ten minutes that ended n times twenty minutes ago."""
    end = db.millis(NOW) - n * 20 * MINUTE
    made = Stay(
        device=who.ids["device"], cell=where.ids["cell"], t_in=end - 10 * MINUTE, t_out=end, dwell_ms=10 * MINUTE,
        path_m=300, fixes=600, kind=StayKind.VISIT, open=False,
    )  # fmt: skip
    changes = [StayChange(device=made.device, t_in=made.t_in, stay=made)]
    return await stay_store.apply(conn, changes, db.millis(NOW))


async def warn(conn: "Connection", street: Street, name: str, *, officer: str | None = None) -> int:
    """Open alerts of a cell, a device and a street; returns the number of the cell's."""
    mark, at = street.mark, db.millis(NOW)
    late = rest.rfc3339(NOW - timedelta(hours=1))
    gap = {
        "cell": street.cell, "name": f"{mark}-cell", "gap_since": late, "visited": True, "due": late, "idle_s": 1,
        "limit_s": 60, "dwell_s": 60, "officer": officer or f"{mark}-cam-1", "arrival_s": 60, "slack_s": -9,
        "rule": "1",
    }  # fmt: skip
    short = {"street": street.code, "name": f"{mark}-street", "cells": 9, "officers": 1, "need_min": 9, "have_min": 1}
    sos = {"device": f"{mark}-cam-1", "name": f"{mark}-officer-1", "badge": f"{mark}-badge-1", "at": late}
    key = f"{street.cell}:{name}"
    changes = [
        _change(f"{GAP}:{key}", GAP, at, gap, cell=street.ids["cell"]),
        _change(f"{UNDERSTAFFED}:{key}", UNDERSTAFFED, at, short, area=street.code),
        _change(f"sos:{key}", "sos", at, sos, device=street.ids["device"], officer=street.ids["officer"]),
    ]
    shown = await apply_on(conn, changes)
    return next(alert.id for alert in shown if alert.kind == GAP)


def _change(key: str, kind: str, at: int, facts: dict[str, Any], **about: Any) -> Change:
    return Change(key=key, kind=kind, step=Step.OPENED, level=Level.RED, at=at, facts=as_stored(facts), **about)
