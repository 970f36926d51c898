"""The auditor's page: accesses and changes, and verification of the record."""

import asyncio
import json
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from runtime import db
from schemas.audits import AuditEntries, AuditEntry
from web import context, problems
from web.api.access import audit
from web.audit import anchoring, audit_check
from web.context import Context
from web.http import params
from web.plain import frame

router = APIRouter(include_in_schema=False)

SHOWN = 100
_one_at_a_time = asyncio.Semaphore(1)
_TEXTS = {
    "zh": {
        "title": "审计记录", "actor": "人员", "action": "操作", "object": "对象", "from": "自 (RFC 3339)",
        "to": "至 (RFC 3339)",
        "n": "序号", "at": "时间", "detail": "详情", "filter": "筛选", "older": "更早", "check": "核验记录是否被改动",
        "good": "{rows} 条记录与写入时一致，{anchors} 个锚点相符。", "bad": "记录被改动，或无法证明完整：",
        "none": "没有记录",
    },
    "en": {
        "title": "Audit record", "actor": "User", "action": "Action", "object": "Object", "from": "From (RFC 3339)",
        "to": "To (RFC 3339)", "n": "No.", "at": "Time", "detail": "Details", "filter": "Filter", "older": "Older",
        "check": "Check the record for changes",
        "good": "All {rows} entries are as they were written. Matching anchors: {anchors}.",
        "bad": "The record was changed, or cannot be proven complete:",
        "none": "No entries",
    },
}  # fmt: skip
_FILTERS = ("actor", "action", "object", "from", "to")


@router.get("/audit")
async def page(
    request: Request,
    here: Annotated[Context, Depends(context.context)],
    pool: Annotated[db.Pool, Depends(context.pool)],
    *,
    cursor: params.Cursor = None,
    check: Annotated[bool, Query()] = False,
) -> Response:
    """Newest first, a hundred per page; with `check` the whole chain is verified, too."""
    texts = _TEXTS[frame.language(request)]
    filters = {name: request.query_params.get(name, "").strip() for name in _FILTERS}
    try:
        entries = await audit.find(pool, filters, cursor, SHOWN)
    except problems.ProblemError as error:
        wrong: dict[str, Any] = {"wrong": error.detail, "verdict": None, "rows": [], "older": ""}
        return frame.page(request, "audit.html", texts, status=error.status, given=filters, **wrong)
    zone = ZoneInfo(here.hub.time_zone() or "UTC")
    return frame.page(
        request,
        "audit.html",
        texts,
        given=filters,
        wrong="",
        verdict=await _verdict(here, pool) if check else None,
        rows=[_row(entry, zone) for entry in entries.items],
        older=_older(request, entries),
    )


async def _verdict(here: Context, pool: db.Pool) -> audit_check.AuditVerdict:
    async with _one_at_a_time, pool.acquire() as conn:
        try:
            return await audit_check.examine(conn, anchoring.files(here.config))
        except OSError as error:
            return audit_check.AuditVerdict(
                rows=0, anchors=0, faults=[f"The anchor files cannot be read ({error.strerror})."]
            )


def _row(entry: AuditEntry, zone: ZoneInfo) -> dict[str, str | int]:
    return {
        "n": entry.n,
        "at": entry.at.astimezone(zone).isoformat(sep=" ", timespec="milliseconds"),
        "actor": entry.actor,
        "action": entry.action,
        "object": entry.object,
        "detail": json.dumps(entry.detail, ensure_ascii=False),
    }


def _older(request: Request, entries: AuditEntries) -> str:
    """Query of the next page; empty: there is none."""
    if entries.next is None:
        return ""
    kept = {name: value for name, value in request.query_params.items() if name != "check"}
    return urlencode({**kept, "cursor": entries.next})
