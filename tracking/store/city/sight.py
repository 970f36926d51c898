"""Sight: the part of the city that a caller may see, from the areas of the account or token."""

from collections.abc import Collection
from dataclasses import dataclass

from runtime import db
from tracking.store.city import belonging


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The part of the city that a caller may see; None: all of it.

    Coverage, visits, events and alerts of cells belong to the area of their cell; positions, tracks and alerts of
    persons to the area of the unit of their device. In SQL: `($5::int[] IS NULL OR c.id = ANY ($5))` with `cell_ids`.
    """

    areas: frozenset[str] | None
    """Codes of districts, streets and grids, all below them included."""
    units: frozenset[str] | None
    """Units responsible for a part of these areas."""
    cells: frozenset[int] | None
    """Numbers of cells, those that are no longer in force included."""
    devices: frozenset[int] | None
    """Slots of devices."""

    @property
    def seen(self) -> belonging.SightFilter:
        """The same for stores below this layer."""
        return belonging.SightFilter(cells=self.cell_ids, devices=self.device_ids, areas=self.area_codes)

    @property
    def cell_ids(self) -> list[int] | None:
        """The cells as a parameter of SQL."""
        return None if self.cells is None else list(self.cells)

    @property
    def device_ids(self) -> list[int] | None:
        """The devices as a parameter of SQL."""
        return None if self.devices is None else list(self.devices)

    @property
    def area_codes(self) -> list[str] | None:
        """The areas as a parameter of SQL."""
        return None if self.areas is None else list(self.areas)

    @property
    def unit_codes(self) -> list[str] | None:
        """The units as a parameter of SQL."""
        return None if self.units is None else list(self.units)

    def sees_area(self, code: str | None) -> bool:
        """Whether an area is in sight; None is in sight only of those who see the whole city."""
        return self.areas is None or code in self.areas

    def sees_unit(self, code: str | None) -> bool:
        """Whether a unit is in sight."""
        return self.units is None or code in self.units

    def sees_cell(self, number: int | None) -> bool:
        """Whether a cell is in sight."""
        return self.cells is None or number in self.cells

    def sees_device(self, slot: int | None) -> bool:
        """Whether a device is in sight."""
        return self.devices is None or slot in self.devices


WHOLE_CITY = Sight(areas=None, units=None, cells=None, devices=None)
WITHOUT_DEVICES = Sight(areas=None, units=frozenset(), cells=None, devices=frozenset())
NOTHING = Sight(areas=frozenset(), units=frozenset(), cells=frozenset(), devices=frozenset())

_SIGHT = """
WITH RECURSIVE seen AS (
  SELECT code FROM areas WHERE $1::text[] IS NULL OR code = ANY ($1)
  UNION SELECT a.code FROM areas a JOIN seen s ON a.parent = s.code),
teams AS (SELECT u.code FROM units u JOIN seen s ON s.code = u.area)
SELECT (SELECT array_agg(code) FROM seen) AS areas,
       (SELECT array_agg(code) FROM teams) AS units,
       (SELECT array_agg(c.id) FROM cells c CROSS JOIN LATERAL cell_at(c.id, now()) v JOIN seen s ON s.code = v.grid)
         AS cells,
       (SELECT array_agg(d.id) FROM devices d JOIN teams t ON t.code = d.unit) AS devices
"""


async def load(conn: db.Connection, areas: Collection[str], *, devices: bool = True) -> Sight:
    """Read the sight of `areas`; `devices` False: no device and no unit."""
    row = await conn.fetchrow(_SIGHT, list(areas))
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    return Sight(
        areas=frozenset(row["areas"] or ()),
        cells=frozenset(row["cells"] or ()),
        units=frozenset(row["units"] or ()) if devices else frozenset(),
        devices=frozenset(row["devices"] or ()) if devices else frozenset(),
    )
