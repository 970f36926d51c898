"""Scopes of rules, as written by callers and checked against the city."""

from runtime import db
from tracking.city import grids
from web import problems

CITY = "city"
_EXISTS = {
    "class": "SELECT EXISTS (SELECT FROM cell_classes WHERE class = $1)",
    "unit": "SELECT EXISTS (SELECT FROM units WHERE code = $1)",
    "grid": "SELECT EXISTS (SELECT FROM areas WHERE code = $1 AND level = 'grid')",
}

# Of the newest division: a plan may be made for cells that are yet to come.
_CELLS = """
SELECT v.code FROM division_cells v JOIN divisions d ON d.id = v.division
WHERE d.valid_to IS NULL AND d.district = left($1, 6)
"""


async def stored_scope(conn: db.Connection, scope: str) -> str:
    """The scope in its stored form, with 15-digit codes of cells.

    Raises:
        ProblemError: it does not exist in the city.
    """
    kind, _, name = scope.partition(":")
    if kind == CITY:
        return CITY
    if kind == "cell":
        codes = await conn.fetch(_CELLS, name)
        try:
            name = grids.full_code(name)
        except ValueError as error:
            raise problems.invalid_value("scope", f"there is no cell {name}") from error
        exists = name in {grids.full_code(row["code"]) for row in codes}
    else:
        exists = bool(await conn.fetchval(_EXISTS[kind], name))
    if not exists:
        raise problems.invalid_value("scope", f"there is no {kind} {name}")
    return f"{kind}:{name}"
