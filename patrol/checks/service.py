"""Checks of the running service by its data: workers, refusals, clocks of devices, notifications."""

from datetime import timedelta

import asyncpg

from patrol.checks import findings
from patrol.checks.findings import CheckResult, CheckStatus, bad, note, ok, warn
from runtime import db

_HEARTBEAT = timedelta(seconds=20)
_GONE = timedelta(days=1)
_DEVICE_CLOCK_S = 5.0
_WORKERS = """
SELECT id, units, now() - heartbeat AS age, counters ->> 'queue' AS queue, (counters ->> 'broker')::bool AS broker
FROM workers WHERE stopped_at IS NULL AND heartbeat > now() - $1::interval ORDER BY id
"""
_UNSERVED = """
SELECT array_agg(DISTINCT d.unit) FROM devices d
WHERE NOT EXISTS (SELECT FROM workers w WHERE w.stopped_at IS NULL AND w.heartbeat > now() - $1::interval
                  AND ('+' = ANY (w.units) OR d.unit = ANY (w.units)))
"""
_REFUSED = """
SELECT reason, count(*) AS n FROM refusals WHERE at > now() - interval '1 hour' GROUP BY 1 ORDER BY 2 DESC LIMIT 6
"""
# The newest fix of each recently active device: live fixes show the error of its clock.
_LAG = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM f.received - f.t)) AS half,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM f.received - f.t)) AS most, count(*) AS n
FROM devices d CROSS JOIN LATERAL (SELECT t, received FROM fixes WHERE device = d.id ORDER BY t DESC LIMIT 1) f
WHERE f.received > now() - interval '10 minutes'
"""
_DELIVERIES = """
SELECT count(*) FILTER (WHERE state IN ('failed', 'unsure')) AS failed, count(*) AS n FROM deliveries
WHERE made_at > now() - interval '1 day'
"""
_CHANNELS = "SELECT name, fault FROM channels WHERE fault IS NOT NULL AND removed_at IS NULL ORDER BY id LIMIT 5"


async def examine(conn: db.Connection) -> list[CheckResult]:
    """Check the state that processes report."""
    results: list[CheckResult] = []
    for part in (_workers, _refused, _lag, _notifications):
        try:
            results += await part(conn)
        except asyncpg.UndefinedTableError:
            return [bad("service 服务", "no tables 无数据表", "run `patrol migrate` 执行 patrol migrate")]
    return results


async def _workers(conn: db.Connection) -> list[CheckResult]:
    rows = await conn.fetch(_WORKERS, _GONE)
    todo = "start it, or see its log; messages wait at the broker meanwhile 启动或查看日志"
    results = [
        findings.ok_if(
            f"worker 处理进程 {row['id']}", good=row["age"] < _HEARTBEAT and bool(row["broker"]), todo=todo,
            detail=f"last seen {row['age'].total_seconds():.0f} s ago, queue {row['queue'] or 0}, "
                 f"{'connected to' if row['broker'] else 'NOT CONNECTED to'} broker, units {', '.join(row['units'])}",
        )
        for row in rows
    ]  # fmt: skip
    if not rows:
        return [
            bad(
                "worker 处理进程",
                "none is running 无运行中的进程",
                "start `patrol worker` or `patrol serve` 启动 worker",
            )
        ]
    unserved = await conn.fetchval(_UNSERVED, _HEARTBEAT)
    if unserved and any(finding.status is CheckStatus.OK for finding in results):
        todo = "add them to PATROL_UNITS of a worker 配置 PATROL_UNITS"
        results.append(bad("units 队伍", f"no worker serves 无进程负责: {', '.join(unserved[:5])}", todo))
    return results


async def _refused(conn: db.Connection) -> list[CheckResult]:
    rows = await conn.fetch(_REFUSED)
    if not rows:
        return [ok("refused in the last hour 一小时内拒收", "nothing 无")]
    detail = ", ".join(f"{row['reason']} {row['n']}" for row in rows)
    todo = "see `GET /api/v1/refusals`, and docs/wire-protocol.md for each reason 按原因处理"
    return [warn("refused in the last hour 一小时内拒收", detail, todo)]


async def _lag(conn: db.Connection) -> list[CheckResult]:
    row = await conn.fetchrow(_LAG)
    if row is None or not row["n"]:
        return [note("recent fixes 近十分钟定位", "none 无")]
    detail = f"{row['n']} devices, delay 到达延迟 {row['half']:.1f} s (median), {row['most']:.1f} s (99 %)"
    if row["half"] < -_DEVICE_CLOCK_S:
        todo = "the clock of this machine is slow, or those of the devices are fast: use NTP 服务器时钟慢或终端时钟快"
        return [warn("recent fixes 近十分钟定位", detail, todo)]
    return [ok("recent fixes 近十分钟定位", detail)]


async def _notifications(conn: db.Connection) -> list[CheckResult]:
    results = [
        warn("channel 通知渠道", f"{row['name']}: {row['fault']}", "correct it, send a test, and enable it 修复后启用")
        for row in await conn.fetch(_CHANNELS)
    ]
    row = await conn.fetchrow(_DELIVERIES)
    failed, n = (0, 0) if row is None else (row["failed"], row["n"])
    todo = "see `GET /api/v1/deliveries` 查看发送记录"
    return [*results, findings.ok_if("notifications 通知", good=failed == 0, detail=f"{failed} of {n} failed in 24 h",
                                    todo=todo, otherwise=CheckStatus.WARN)]  # fmt: skip
