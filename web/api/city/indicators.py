"""Indicators of a period: of cells and areas, of officers and devices, as JSON or CSV."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from runtime import db
from schemas import figures
from tracking.store.presence import indicator_store
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.context import Context
from web.export.marks import FileMark
from web.http import accept, cursors, params
from web.store import coverage, indicators, people_figures
from web.store.period import Period

router = APIRouter(tags=["indicators"])

Here = Annotated[Context, Depends(context.context)]
See = Annotated[Sight, Depends(access.sight)]
Form = Literal["json", "csv"]
Level = Literal["cell", "grid", "street", "district", "officer", "device"]
T = TypeVar("T", bound=BaseModel)

_OFFERS: dict[str, Form] = {"application/json": "json", "text/csv": "csv"}
DEFAULT_PERIOD = timedelta(days=1)
_turns = asyncio.Semaphore(2)
"""Tables computed at a time by a process; each takes some seconds of a core."""
MOST_ROWS = 20_000
"""Most rows of a page: a city fits into one, since each page is computed anew."""


@dataclass(frozen=True, slots=True)
class Table:
    """Form, page and mark of a table."""

    form: Form
    first: int
    limit: int
    mark: FileMark

    def page(self, rows: list[T]) -> tuple[list[T], str | None]:
        """Rows of the page, and the cursor of the next."""
        end = self.first + self.limit
        return rows[self.first : end], cursors.encode(end) if end < len(rows) else None


def _table(
    request: Request,
    form: Annotated[
        Form | None, Query(alias="format", description="Takes precedence over the Accept header; CSV has all rows.")
    ] = None,
    cursor: params.Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows of a page.")] = params.DEFAULT_LIMIT,
    purpose: params.Purpose = None,
) -> Table:
    chosen = form or accept.choose(request.headers.get("accept", ""), _OFFERS)
    if chosen is None:
        raise problems.ProblemError(406, f"Indicators are available as {', '.join(_OFFERS)}.")
    mark = FileMark(by=context.principal(request).name, at=datetime.now(UTC), purpose=purpose)
    return Table(chosen, max(0, cursors.decode(cursor, int) or 0), limit, mark)


@router.get(
    "/indicators",
    response_model=figures.Places | figures.People,
    responses={200: {"description": "Rows of a level by code.", "content": {"application/json": {}, "text/csv": {}}}},
)
async def listed(
    request: Request,
    here: Here,
    see: See,
    period: params.Between,
    table: Annotated[Table, Depends(_table)],
    level: Annotated[Level, Query()] = "grid",
    interval_s: Annotated[float, Query(ge=1, le=600, description="Configured interval between fixes, s.")] = 10,
) -> Response:
    """Coverage, completion, compliance and waits of cells and areas; paths, duty and tracks of officers and devices.

    Each with its known share; unknown values are null. Without from and to: the last 24 hours.
    """
    span = _span(period)
    async with _turns, here.database.pool.acquire() as connection:
        place = await coverage.load_place(connection, here.hub.judging.place, span[1] - 1)
        if level == "officer" or level == "device":  # noqa: PLR1714 - mypy narrows by this only
            people = await people_figures.read(
                connection, place.city.grid, span, level, interval_s, devices=see.device_ids
            )
            request.scope["audit"] = {"action": "look" if table.form == "json" else "export"}
            return _answer(request, table, people, figures.People, figures.Person, span)
        routes = await here.patrol_routes.of(connection, place.city.grid)
        duty, places = await indicators.of_places(connection, place, routes, span, level, see)
    return _answer(request, table, places, figures.Places, figures.Place, span, duty_s=duty / 1000)


def _span(period: Period) -> tuple[int, int]:
    """Start and end, ms, never beyond now; default: the last day."""
    now = datetime.now(UTC)
    end = min(period.end or now, now)
    start = period.start or end - DEFAULT_PERIOD
    if start >= end:
        raise problems.ProblemError(422, "from must lie in the past, and before to.")
    if end - start > timedelta(milliseconds=indicator_store.MOST_MS):
        days = indicator_store.MOST_MS // 86_400_000
        raise problems.ProblemError(422, f"A period is at most {days} days; ask for its parts.")
    return db.millis(start), db.millis(end)


def _answer(
    request: Request,
    table: Table,
    rows: list[T],
    page: type[BaseModel],
    row: type[BaseModel],
    span: tuple[int, int],
    **more: float,
) -> Response:
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if table.form == "csv":
        headers["Content-Disposition"] = 'attachment; filename="indicators.csv"'
        # A mark of the byte order, without which spreadsheets take Chinese names for another encoding.
        body = "\ufeff" + indicators.as_csv(rows, row, table.mark, request.scope["names"])
        return Response(body, media_type="text/csv; charset=utf-8", headers=headers)
    items, after = table.page(rows)
    ends = {"from": db.moment(span[0]), "to": db.moment(span[1])}
    figures_page = page.model_validate({**ends, **more, "items": items, "next": after})
    return Response(figures_page.model_dump_json(by_alias=True), media_type="application/json", headers=headers)
