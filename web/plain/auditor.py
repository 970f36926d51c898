"""The auditor's page: who looked at whom and who did what, and whether the record is as it was written."""

import asyncio
import json
from collections.abc import Mapping
from html import escape
from typing import Annotated
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
        "good": "{rows} 条记录均与写入时一致；{anchors} 个锚点相符。", "bad": "记录被改动，或无法证明完整：",
        "none": "没有记录",
    },
    "en": {
        "title": "Audit record", "actor": "Who", "action": "What", "object": "About", "from": "From (RFC 3339)",
        "to": "To (RFC 3339)", "n": "No.", "at": "When", "detail": "Detail", "filter": "Filter", "older": "Older",
        "check": "Check that nothing was changed",
        "good": "{rows} rows are as they were written; {anchors} anchors fit.",
        "bad": "The record was changed, or cannot be proven whole:",
        "none": "Nothing here",
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
    """Newest first, a hundred at a time; with `check` the whole chain is gone over, too."""
    texts = _TEXTS[frame.language(request)]
    given = {name: request.query_params.get(name, "").strip() for name in _FILTERS}
    try:
        found = await audit.find(pool, given, cursor, SHOWN)
    except problems.ProblemError as error:
        wrong = f'<p class="bad" role="alert">{escape(error.detail)}</p>'
        return frame.page(request, texts["title"], _form(texts, given) + wrong, status=error.status)
    zone = ZoneInfo(here.hub.time_zone() or "UTC")
    verdict = await _verdict(here, pool, texts) if check else ""
    body = _form(texts, given) + verdict + _table(texts, found, zone) + _older(request, texts, found)
    return frame.page(request, texts["title"], body)


async def _verdict(here: Context, pool: db.Pool, texts: Mapping[str, str]) -> str:
    async with _one_at_a_time, pool.acquire() as conn:
        try:
            verdict = await audit_check.examine(conn, anchoring.files(here.config))
        except OSError as error:
            verdict = audit_check.Verdict(rows=0, anchors=0, faults=[f"The anchors cannot be read ({error.strerror})."])
    if not verdict.faults:
        said = texts["good"].format(rows=verdict.rows, anchors=verdict.anchors)
        return f'<p class="good" role="status">✓ {escape(said)}</p>'
    lines = "".join(f"<li>{escape(fault)}</li>" for fault in verdict.faults)
    return f'<p class="bad" role="alert">✗ {escape(texts["bad"])}</p><ul>{lines}</ul>'


def _form(texts: Mapping[str, str], given: Mapping[str, str]) -> str:
    fields = "".join(
        f'<label>{escape(texts[name])}<input name="{name}" value="{escape(value)}" maxlength="200"></label>'
        for name, value in given.items()
    )
    return (
        f'<form class="filter" method="get">{fields}<button>{texts["filter"]}</button>'
        f'<button name="check" value="true">{escape(texts["check"])}</button></form>'
    )


def _table(texts: Mapping[str, str], found: AuditEntries, zone: ZoneInfo) -> str:
    if not found.items:
        return f'<p class="quiet">{escape(texts["none"])}</p>'
    head = "".join(f"<th>{escape(texts[name])}</th>" for name in ("n", "at", "actor", "action", "object", "detail"))
    return f"<table><tr>{head}</tr>{''.join(_row(one, zone) for one in found.items)}</table>"


def _row(one: AuditEntry, zone: ZoneInfo) -> str:
    at = one.at.astimezone(zone).isoformat(sep=" ", timespec="milliseconds")
    detail = escape(json.dumps(one.detail, ensure_ascii=False))
    return (
        f'<tr><td>{one.n}</td><td class="right">{at}</td><td>{escape(one.actor)}</td><td>{escape(one.action)}</td>'
        f'<td class="code">{escape(one.object)}</td><td class="code">{detail}</td></tr>'
    )


def _older(request: Request, texts: Mapping[str, str], found: AuditEntries) -> str:
    if found.next is None:
        return ""
    kept = {name: value for name, value in request.query_params.items() if name != "check"}
    return f'<p><a rel="next" href="?{escape(urlencode({**kept, "cursor": found.next}))}">{texts["older"]}</a></p>'
