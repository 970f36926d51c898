"""Checks of retention, holds, and waiting late data."""

from datetime import UTC, datetime, timedelta

from patrol.checks import findings
from patrol.checks.findings import CheckResult, bad, note, ok, warn
from runtime import db
from tracking.records import retention
from tracking.records.retention import DataClass
from tracking.store.records import hold_store, retention_store

_PASS_WITHIN = timedelta(hours=36)
_WINDOWS_WITHIN = timedelta(hours=1)
_OLDEST_FIX = """
SELECT min(f.t) FROM devices d
CROSS JOIN LATERAL (SELECT t FROM fixes WHERE device = d.id ORDER BY t LIMIT 1) f
"""
_OLDEST = {
    DataClass.EVENTS: "SELECT min(t) FROM events",
    DataClass.VISITS: "SELECT min(t_in) FROM stays",
    DataClass.HISTORY: "SELECT min(known_to) FROM stay_growth",
    DataClass.FIXES: _OLDEST_FIX,
}


async def examine(conn: db.Connection) -> list[CheckResult]:
    """Check retention, holds and late data."""
    now = datetime.now(UTC)
    holds = await hold_store.listed(conn, now)
    results = [await _class(conn, kept, now, held=bool(holds)) for kept in await retention_store.listed(conn)]
    listed = f"{len(holds)} in force 有效; see `patrol hold list`" if holds else "none 无"
    return [*results, note("legal holds 证据保全", listed), await _late(conn, now)]


async def _class(
    conn: db.Connection, kept: retention_store.ClassRetention, now: datetime, *, held: bool
) -> CheckResult:
    terms = retention.TERMS[kept.cls]
    what = f"retention 保存: {kept.cls} {terms.zh}"
    ran = db.moment(kept.ran_at)
    if kept.fault is not None:
        return bad(
            what,
            f"the last pass failed 上次清理失败: {kept.fault}",
            "correct the cause, then `patrol retention run` 修复后重跑",
        )
    if now - ran > _PASS_WITHIN:
        todo = "check that a worker runs, and its log; or `patrol retention run` 检查 worker 或手工执行"
        return bad(what, f"last pass {ran:%Y-%m-%d %H:%M}Z", todo)
    days = "for ever 永久" if kept.days is None else f"{kept.days} days 天"
    query = _OLDEST.get(kept.cls)
    oldest = None if query is None or kept.days is None else await conn.fetchval(query)
    if oldest is None or kept.days is None:
        return ok(what, days)
    # Two days of grace, and a pass a night.
    late = now - oldest - timedelta(days=kept.days + 4)
    detail = f"{days}; oldest 最早 {oldest:%Y-%m-%d}"
    if late > timedelta(0) and not held:
        return warn(
            what, f"{detail}, {late.days} days past the limit 超过保存期限", "`patrol retention run` 手工执行清理"
        )
    return ok(what, detail)


async def _late(conn: db.Connection, now: datetime) -> CheckResult:
    row = await conn.fetchrow("SELECT count(*) AS n, min(received) AS since FROM dirty_windows")
    waiting, since = (0, None) if row is None else (row["n"], row["since"])
    todo = "check that workers serve all units, and their logs 检查 worker 是否覆盖全部队伍"
    return findings.ok_if(
        "late data 补传数据", good=since is None or now - since < _WINDOWS_WITHIN,
        detail=f"{waiting} windows waiting" + ("" if since is None else f", since {since:%Y-%m-%d %H:%M}Z"), todo=todo,
        otherwise=findings.CheckStatus.WARN,
    )  # fmt: skip
