"""Plans in the database: versions of rules of kind `plan`, and those of a cell. Times are ms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime import db
from schemas import wire
from tracking.city import grids
from tracking.plans import plans
from tracking.plans.rule_version import RuleVersion
from tracking.store.city import judging, rule_store
from tracking.store.city.division_store import DivisionCell
from tracking.store.city.rule_store import Body

_UNITS = "SELECT code, area FROM units WHERE area IS NOT NULL ORDER BY code"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRules:
    """Every version of a plan, and the units responsible for areas."""

    versions: Sequence[RuleVersion]
    units: Mapping[str, Sequence[str]]
    """Scopes of units by the code of their area."""

    def site(self, cell: DivisionCell, begins: int) -> plans.Site:
        """Properties that select the plans of a cell in force from `begins` (ms) on."""
        areas = (cell.district, cell.street, cell.grid)
        of_units = [scope for area in areas if area is not None for scope in self.units.get(area, ())]
        code = grids.full_code(cell.code)
        scopes = (plans.CITY, f"class:{cell.cls}", *of_units, f"grid:{cell.grid}", f"cell:{code}")
        return plans.Site(scopes=scopes, weight=cell.weight, road_m=cell.road_m, begins=begins)


async def read(conn: db.Connection) -> PlanRules:
    """Read all plans: past, present and future."""
    units: dict[str, list[str]] = {}
    for row in await conn.fetch(_UNITS):
        units.setdefault(row["area"], []).append(f"unit:{row['code']}")
    versions = await rule_store.between(conn, plans.KIND, 0, wire.LATEST_MS)
    return PlanRules(versions=versions, units=units)


async def append(
    conn: db.Connection,
    scope: str,
    body: Body | None,
    valid_from: int,
    made_by: str,
    now: int,
    *,
    valid_to: int | None = None,
) -> RuleVersion:
    """Add a version of a plan (see `rule_store.append`); visits judged by the one before it are judged again.

    `now` (ms) is the time of the change.
    """
    async with conn.transaction():
        number = await rule_store.append(conn, plans.KIND, scope, body, valid_from, made_by, valid_to=valid_to)
        await judging.mark_changed(conn, valid_from, now)
    return number
