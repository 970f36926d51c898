"""Devices and cells to store things of."""

from typing import TYPE_CHECKING

import pytest

from tracking.store.tracks import device_store

if TYPE_CHECKING:
    from runtime import db


@pytest.fixture
async def device(conn: "db.Connection") -> int:
    """Number of an enrolled device named cam-1."""
    await device_store.enrol(conn, {"cam-1": "team-1"})
    return (await device_store.named(conn, ["cam-1"]))[0].id


@pytest.fixture
async def cells(conn: "db.Connection") -> list[int]:
    """Numbers of two cells with the codes 44130200100001 and …2."""
    rows = await conn.fetch(
        "INSERT INTO cells (code, area_m2, geometry) SELECT code, 1, '{}' "
        "FROM unnest(ARRAY['44130200100001', '44130200100002']) AS c(code) RETURNING id"
    )
    return [row["id"] for row in rows]
