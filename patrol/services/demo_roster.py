"""Officers, bindings and shifts of the simulated fleet, so that the demo has a roster. The same for the same fleet."""

import asyncio
import time
from collections.abc import Sequence

import asyncpg

from device_sim.fleet import officer as fleet
from runtime import db
from tracking.store.city import people_store
from tracking.store.records import event_log
from tracking.store.tracks import device_store

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗"
_GIVEN = "伟强磊军勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆晨阳昊然敏静丽娟艳芳霞玲燕萍红雪梅婷慧莹琳晓佳"
_AHEAD = 21
"""Shifts planned ahead: a week of three a day."""


async def enlist(database_url: str, count: int, *, seed: int = 1) -> str:
    """Give each device of the fleet an officer, a binding and shifts round the clock; adds only missing ones.

    Returns:
        Number of officers.
    """
    recruits = await asyncio.to_thread(fleet.recruit, count, seed)
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await _enlist(connection, recruits, time.time_ns() // 1_000_000)
    finally:
        await connection.close()
    return f"{len(recruits)} officers"


async def _enlist(conn: db.Connection, recruits: Sequence[fleet.Officer], now: int) -> None:
    log_items = await device_store.enrol(conn, {who.name: who.unit for who in recruits})
    devices = {device.name: device for device in await device_store.named(conn, [who.name for who in recruits])}
    ids = await people_store.add_officers(
        conn, [(badge(who), name(who.number), devices[who.name].unit) for who in recruits]
    )
    plan: list[tuple[int, str | None, int, int, str]] = []
    for who in recruits:
        officer, current = ids[badge(who)], who.shift_at(now)
        await people_store.bind_first(conn, devices[who.name].id, officer, who.shift_start(current - 3), "demo")
        plan += [
            (officer, None, who.shift_start(shift), who.shift_start(shift + 1), "patrol")
            for shift in range(current - 3, current + _AHEAD)
        ]
    await people_store.add_shifts(conn, plan)
    await event_log.append(conn, log_items)


def badge(who: fleet.Officer) -> str:
    """Badge of the officer who carries a simulated device."""
    return who.name.upper()


def name(number: int) -> str:
    """Name of the officer with this number; about one in a thousand is not unique, as in reality."""
    first, index = _SURNAMES[number % len(_SURNAMES)], number * 17 + number // len(_SURNAMES)
    second = _GIVEN[(number * 29 + 7) % len(_GIVEN)] if number % 3 else ""
    return first + _GIVEN[index % len(_GIVEN)] + second
