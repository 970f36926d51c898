"""Checks of TimescaleDB: hypertables, chunk interval, policies, jobs."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from ingest.store import chunks
from patrol.checks import chunking, findings
from patrol.checks.findings import CheckResult, CheckStatus, bad, note, ok, warn
from runtime import db
from schemas import migrations

HYPERTABLES = ("fixes", "stay_growth", "run_history")
_WORTH_IT_RATE = 200.0
"""Fixes a second from which the columnstore and dropping chunks are worthwhile."""

RATE = """
SELECT coalesce(sum(fixes), 0) / 604800.0 FROM device_hours
WHERE hour >= now() - interval '7 days' AND hour < now()
"""
_AVAILABLE = "SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'"
_INTERVAL = """
SELECT time_interval FROM timescaledb_information.dimensions
WHERE hypertable_name = 'fixes' AND dimension_number = 1
"""
_SETTINGS = """
SELECT segmentby, orderby FROM timescaledb_information.hypertable_columnstore_settings WHERE hypertable::text = 'fixes'
"""
_JOBS = """
SELECT j.job_id, j.proc_name, j.hypertable_name, j.scheduled, s.last_run_status, s.total_failures,
       (j.config ->> 'start_offset')::interval AS start_offset, (j.config ->> 'end_offset')::interval AS end_offset,
       (j.config ->> 'compress_after')::interval AS compress_after
FROM timescaledb_information.jobs j LEFT JOIN timescaledb_information.job_stats s USING (job_id)
WHERE j.proc_name LIKE 'policy_%' ORDER BY j.job_id
"""
_MATERIALISED = """
SELECT materialization_hypertable_name FROM timescaledb_information.continuous_aggregates
WHERE view_name = 'device_days'
"""
_UNCONVERTED = """
SELECT count(*) FROM timescaledb_information.chunks
WHERE hypertable_name = 'fixes' AND NOT is_compressed AND range_end < now() - $1::interval
"""
# Days of some devices, older than what the policy refreshes and younger than the oldest fix that is kept: fixes that
# were counted when they were stored, and are not in the summary.
_UNREFRESHED = """
WITH chosen AS (SELECT DISTINCT device FROM device_hours WHERE hour >= now() - $2::interval ORDER BY 1 LIMIT 100),
counted AS (
  SELECT h.device, date_trunc('day', h.hour, 'UTC') AS day, sum(h.fixes) AS fixes
  FROM device_hours h JOIN chosen USING (device)
  WHERE h.hour >= date_trunc('day', greatest(now() - $2::interval, (SELECT floor FROM retention WHERE class = 'fixes')),
                             'UTC') + interval '1 day'
  AND h.hour < date_trunc('day', now() - $1::interval, 'UTC') GROUP BY 1, 2)
SELECT count(*) FROM counted c LEFT JOIN device_days d ON d.device = c.device AND d.day = c.day
WHERE c.fixes > coalesce(d.fixes, 0)
"""
_WIDEST = timedelta(days=60)
"""Largest start offset: a refresh from further back reads too much every half hour; the nightly one does the rest."""
_SOONEST, _LATEST = timedelta(days=1), timedelta(days=30)
"""Age for the columnstore: after most late data has come, and early enough to save space."""
_GRACE = timedelta(days=2)
_LOOKED_BACK = timedelta(days=60)


async def examine(conn: db.Connection) -> list[CheckResult]:
    """Check it, or report that it is not installed."""
    rate = float(await conn.fetchval(RATE))
    if not await chunks.installed(conn):
        return await _plain(conn, rate)
    version = await conn.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
    results = [ok("TimescaleDB", f"{version}, {rate:,.1f} fixes/s over seven days 近七日")]
    results += await _tables(conn)
    results += await _chunk_interval(conn, rate)
    jobs = await conn.fetch(_JOBS)
    summary = {"device_days", await conn.fetchval(_MATERIALISED)}
    return [*results, *_policies(jobs, summary), *await _columnstore(conn, jobs), *await _refresh(conn, jobs)]


async def _plain(conn: db.Connection, rate: float) -> list[CheckResult]:
    detail = f"not used; {rate:,.1f} fixes/s over seven days 未使用"
    if await conn.fetchval(_AVAILABLE) is not None:
        return [
            warn(
                "TimescaleDB",
                detail,
                "it is installed: `patrol migrate` turns the large tables into hypertables 可启用",
            )
        ]
    if rate > _WORTH_IT_RATE:
        todo = "install TimescaleDB: old data then takes a fifth of the space and is dropped chunk by chunk 建议安装"
        return [warn("TimescaleDB", detail, todo)]
    return [note("TimescaleDB", detail)]


async def _tables(conn: db.Connection) -> list[CheckResult]:
    known = {row["name"] for row in await conn.fetch("SELECT name FROM schema_migrations")}
    missing = [migration.name for migration in migrations.timescale() if migration.name not in known]
    if missing:
        return [bad("hypertables 超表", f"missing {', '.join(missing)}", "run `patrol migrate` 执行 patrol migrate")]
    plain = [table for table in HYPERTABLES if not await chunks.is_hypertable(conn, table)]
    todo = "recreate it as in schemas/sql/timescale, or restore a backup 按 schemas/sql/timescale 恢复"
    results = [findings.ok_if("hypertables 超表", good=not plain, detail=", ".join(plain or HYPERTABLES), todo=todo)]
    continuous = await conn.fetchval(_MATERIALISED) is not None
    todo = "DROP VIEW device_days, then create it as in schemas/sql/timescale/0002_history.sql 按迁移文件重建"
    results.append(
        findings.ok_if(
            "summary 汇总 device_days", good=continuous, todo=todo,
            detail="continuous aggregate 连续聚合" if continuous else "a plain view 普通视图",
        )
    )  # fmt: skip
    settings = await conn.fetchrow(_SETTINGS)
    detail = "off" if settings is None else f"segment by {settings['segmentby']}, order by {settings['orderby']}"
    good = settings is not None and settings["segmentby"] == "device" and str(settings["orderby"]).startswith("t")
    todo = "set it as in schemas/sql/timescale/0001_hypertables.sql 按迁移文件恢复"
    return [
        *results,
        findings.ok_if("columnstore 列存", good=good, detail=detail, todo=todo, otherwise=CheckStatus.WARN),
    ]


async def _chunk_interval(conn: db.Connection, rate: float) -> list[CheckResult]:
    now: timedelta = await conn.fetchval(_INTERVAL)
    wanted = chunking.interval(rate, await conn.fetchval("SELECT days FROM retention WHERE class = 'fixes'"))
    detail = f"{now}; for this rate 按速率 {wanted}"
    todo = "run `patrol db tune`, which sets it for new chunks 执行 patrol db tune"
    far = rate > 1 and chunking.is_far(now, wanted)
    return [findings.ok_if("chunk interval 分块", good=not far, detail=detail, todo=todo, otherwise=CheckStatus.WARN)]


def _policies(jobs: Sequence[Any], summary: Collection[str | None]) -> list[CheckResult]:
    # TimescaleDB names the view, or the hypertable behind it, as its version is.
    wanted: tuple[tuple[str, Collection[str | None], str], ...] = (
        ("policy_compression", {"fixes"}, "CALL add_columnstore_policy('fixes', after => INTERVAL '7 days')"),
        ("policy_refresh_continuous_aggregate", summary, "see schemas/sql/timescale/0002_history.sql"),
    )
    results = []
    for proc, tables, todo in wanted:
        is_set = any(job["proc_name"] == proc and job["hypertable_name"] in tables for job in jobs)
        what, detail = f"policy 策略: {proc.removeprefix('policy_')}", "is set 已设" if is_set else "is missing 缺失"
        results.append(findings.ok_if(what, good=is_set, detail=detail, todo=todo))
    for job in jobs:
        what = f"job {job['job_id']} {job['proc_name'].removeprefix('policy_')} {job['hypertable_name']}"
        if job["proc_name"] == "policy_retention" and job["hypertable_name"] in {*HYPERTABLES, *summary}:
            todo = f"SELECT remove_retention_policy('{job['hypertable_name']}'): workers delete old data 必须移除"
            results.append(bad(what, "deletes evidence under a legal hold 会删除保全证据", todo))
        elif job["last_run_status"] == "Failed":
            todo = "see timescaledb_information.job_errors 查看 job_errors"
            results.append(bad(what, f"failed {job['total_failures']} times, also the last time 上次失败", todo))
        elif not job["scheduled"]:
            results.append(warn(what, "is paused 已暂停", f"SELECT alter_job({job['job_id']}, scheduled => true)"))
    return results


async def _columnstore(conn: db.Connection, jobs: Sequence[Any]) -> list[CheckResult]:
    """Age at which fixes go into the columnstore, and whether the policy works."""
    after = next((job["compress_after"] for job in jobs if job["proc_name"] == "policy_compression"), None)
    if after is None:
        return []  # reported with the policies
    good = _SOONEST <= after <= _LATEST
    todo = "remove_columnstore_policy('fixes'), then add_columnstore_policy('fixes', after => INTERVAL '7 days') 重设"
    waiting = await conn.fetchval(_UNCONVERTED, after + _GRACE)
    late = "check its job in timescaledb_information.job_errors 检查转换任务"
    return [
        findings.ok_if("columnstore after 列存时限", good=good, detail=f"{after}", todo=todo,
                        otherwise=CheckStatus.WARN),
        findings.ok_if(
            "columnstore kept up 列存进度", good=waiting == 0, detail=f"{waiting} old chunks waiting 待转换", todo=late,
            otherwise=CheckStatus.WARN,
        ),
    ]  # fmt: skip


async def _refresh(conn: db.Connection, jobs: Sequence[Any]) -> list[CheckResult]:
    """Range of the refresh policy of the summary, and whether the nightly refresh covers the rest."""
    job = next((job for job in jobs if job["proc_name"] == "policy_refresh_continuous_aggregate"), None)
    if job is None:
        return []  # reported with the policies
    start, end = job["start_offset"], job["end_offset"]
    bounded = start is not None and end is not None and start <= _WIDEST
    todo = "remove_continuous_aggregate_policy('device_days'), add it as in schemas/sql/timescale/0002_history.sql 重设"
    results = [
        findings.ok_if(
            "refresh 刷新范围",
            good=bounded,
            detail=f"from {start} to {end} before now",
            todo=todo,
            otherwise=CheckStatus.WARN,
        )
    ]
    missing = await conn.fetchval(_UNREFRESHED, start or _WIDEST, _LOOKED_BACK)
    todo = "check that a worker runs at night, or run `patrol retention run` 检查夜间任务"
    late = findings.ok_if(
        "wide refresh 夜间刷新", good=missing == 0, detail=f"{missing} device days lack late fixes 缺补传", todo=todo,
        otherwise=CheckStatus.WARN,
    )  # fmt: skip
    return [*results, late]
