"""Examines TimescaleDB: hypertables, chunk interval, policies, jobs."""

from datetime import timedelta

from ingest.purge import chunks
from patrol import migrate
from patrol.checks import chunking, findings
from patrol.checks.findings import Finding, Verdict, bad, note, ok, warn
from tracking import db

HYPERTABLES = ("fixes", "stay_growth", "run_history")
_WORTH_IT_RATE = 200.0
"""Fixes a second from which the columnstore and dropping by the chunk pay."""

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
SELECT j.job_id, j.proc_name, j.hypertable_name, j.scheduled, s.last_run_status, s.total_failures
FROM timescaledb_information.jobs j LEFT JOIN timescaledb_information.job_stats s USING (job_id)
WHERE j.proc_name LIKE 'policy_%' ORDER BY j.job_id
"""
_MATERIALISED = """
SELECT materialization_hypertable_name FROM timescaledb_information.continuous_aggregates
WHERE view_name = 'device_days'
"""


async def examine(conn: db.Connection) -> list[Finding]:
    """Look at it, or say that it is not there."""
    rate = float(await conn.fetchval(RATE))
    if not await chunks.installed(conn):
        return await _plain(conn, rate)
    version = await conn.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
    found = [ok("TimescaleDB", f"{version}, {rate:,.1f} fixes/s over seven days 近七日")]
    found += await _tables(conn)
    found += await _chunk_interval(conn, rate)
    return found + await _policies(conn)


async def _plain(conn: db.Connection, rate: float) -> list[Finding]:
    said = f"not used; {rate:,.1f} fixes/s over seven days 未使用"
    if await conn.fetchval(_AVAILABLE) is not None:
        return [
            warn("TimescaleDB", said, "it is there: `patrol migrate` turns the large tables into hypertables 可启用")
        ]
    if rate > _WORTH_IT_RATE:
        todo = "install TimescaleDB: old data are then dropped by the chunk and stored in a fifth of the space 建议安装"
        return [warn("TimescaleDB", said, todo)]
    return [note("TimescaleDB", said)]


async def _tables(conn: db.Connection) -> list[Finding]:
    known = {row["name"] for row in await conn.fetch("SELECT name FROM schema_migrations")}
    missing = [one.name for one in migrate.timescale() if one.name not in known]
    if missing:
        return [bad("hypertables 超表", f"missing {', '.join(missing)}", "run `patrol migrate` 执行 patrol migrate")]
    plain = [table for table in HYPERTABLES if not await chunks.is_hypertable(conn, table)]
    todo = "make it one again as in schemas/sql/timescale, or restore it 按 schemas/sql/timescale 恢复"
    found = [findings.either("hypertables 超表", good=not plain, said=", ".join(plain or HYPERTABLES), todo=todo)]
    settings = await conn.fetchrow(_SETTINGS)
    said = "off" if settings is None else f"segment by {settings['segmentby']}, order by {settings['orderby']}"
    good = settings is not None and settings["segmentby"] == "device" and str(settings["orderby"]).startswith("t")
    todo = "set it as schemas/sql/timescale/0001_hypertables.sql does 按迁移文件恢复"
    return [*found, findings.either("columnstore 列存", good=good, said=said, todo=todo, otherwise=Verdict.WARN)]


async def _chunk_interval(conn: db.Connection, rate: float) -> list[Finding]:
    now: timedelta = await conn.fetchval(_INTERVAL)
    wanted = chunking.interval(rate, await conn.fetchval("SELECT days FROM retention WHERE class = 'fixes'"))
    said = f"{now}; by the rate 按速率 {wanted}"
    todo = "`patrol db tune` sets it for the chunks to come 执行 patrol db tune"
    far = rate > 1 and chunking.is_far(now, wanted)
    return [findings.either("chunk interval 分块", good=not far, said=said, todo=todo, otherwise=Verdict.WARN)]


async def _policies(conn: db.Connection) -> list[Finding]:
    jobs = await conn.fetch(_JOBS)
    # TimescaleDB names the view, or the hypertable behind it, as its version is.
    summary = {"device_days", await conn.fetchval(_MATERIALISED)}
    wanted = (
        ("policy_compression", {"fixes"}, "CALL add_columnstore_policy('fixes', after => INTERVAL '7 days')"),
        ("policy_refresh_continuous_aggregate", summary, "see schemas/sql/timescale/0002_history.sql"),
    )
    found = []
    for proc, tables, todo in wanted:
        is_set = any(job["proc_name"] == proc and job["hypertable_name"] in tables for job in jobs)
        what, said = f"policy 策略: {proc.removeprefix('policy_')}", "is set 已设" if is_set else "is missing 缺失"
        found.append(findings.either(what, good=is_set, said=said, todo=todo))
    for job in jobs:
        what = f"job {job['job_id']} {job['proc_name'].removeprefix('policy_')} {job['hypertable_name']}"
        if job["proc_name"] == "policy_retention" and job["hypertable_name"] in {*HYPERTABLES, *summary}:
            todo = f"SELECT remove_retention_policy('{job['hypertable_name']}'): the workers drop what is old 必须移除"
            found.append(bad(what, "drops evidence that a legal hold keeps 会删除保全证据", todo))
        elif job["last_run_status"] == "Failed":
            todo = "timescaledb_information.job_errors says why 查看 job_errors"
            found.append(bad(what, f"failed {job['total_failures']} times, the last time too 上次失败", todo))
        elif not job["scheduled"]:
            found.append(warn(what, "is paused 已暂停", f"SELECT alter_job({job['job_id']}, scheduled => true)"))
    return found
