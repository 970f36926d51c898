"""The audit record of views and changes, for auditors, newest first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from runtime import db
from schemas import audits
from web import context, problems
from web.audit.store import audit_log
from web.http import cursors, params
from web.moments import parse_time

router = APIRouter(prefix="/audit", tags=["audit"])

Pool = Annotated[db.Pool, Depends(context.pool)]
_Text = Annotated[str | None, Query(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]


@router.get("", response_model=audits.AuditEntries)
async def listed(
    pool: Pool,
    period: params.Between,
    actor: _Text = None,
    action: _Text = None,
    about: Annotated[str | None, Query(alias="object", max_length=200, pattern=r"^[^\x00]*$")] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> audits.AuditEntries:
    """Audit entries, newest first; `object` matches a part, such as the name of a device."""
    return await _found(pool, (actor, action, about, period.start, period.end), cursor, limit)


async def find(pool: db.Pool, filters: Mapping[str, str], cursor: str | None, limit: int) -> audits.AuditEntries:
    """Find entries by the filters of a form: `actor`, `action`, `object`, `from`, `to`; empty: any.

    Raises:
        ProblemError: a time is not one, or the cursor is not of this list.
    """
    texts = [filters[name].replace("\0", "")[:200] or None for name in ("actor", "action", "object")]
    times = [None if not filters[name] else _time(name, filters[name]) for name in ("from", "to")]
    return await _found(pool, (*texts, *times), cursor, limit)


def _time(name: str, text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        raise problems.ProblemError(422, f"{name}: {error}") from error


async def _found(pool: db.Pool, filters: tuple[Any, ...], cursor: str | None, limit: int) -> audits.AuditEntries:
    after = params.stored_number(cursors.decode(cursor, int))
    async with pool.acquire() as connection:
        items = await audit_log.listed(connection, filters, after, limit)
    return audits.AuditEntries(items=items, next=cursors.encode(items[-1].n) if len(items) == limit else None)
