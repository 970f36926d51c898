"""Checks of PostgreSQL: tables, settings for the safety of data, maintenance, clock."""

import re
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg

from patrol.checks import findings, keeping, privileges, timescale
from patrol.checks.findings import CheckResult, CheckStatus, bad, note, ok, warn
from patrol.cli import faults
from runtime import db
from schemas import migrations
from tracking.store.records import migration_store, settings_store

_SETTINGS: tuple[tuple[str, frozenset[str], CheckStatus, str], ...] = (
    ("fsync", frozenset({"on"}), CheckStatus.BAD,
     "a power failure can destroy the database: set fsync = on 断电可毁库"),
    ("full_page_writes", frozenset({"on"}), CheckStatus.BAD,
     "a power failure can destroy pages: set full_page_writes = on 断电可损页"),
    ("synchronous_commit", frozenset({"on", "remote_apply", "remote_write", "local"}), CheckStatus.BAD,
     "fixes are acknowledged before they are on disk: set synchronous_commit = on 未落盘即确认"),
    ("autovacuum", frozenset({"on"}), CheckStatus.BAD, "dead rows are never removed: set autovacuum = on 死行不清理"),
    ("data_checksums", frozenset({"on"}), CheckStatus.WARN,
     "damage on the disk is not detected: stop the server and run pg_checksums --enable 磁盘损坏不可发现"),
    ("archive_mode", frozenset({"on", "always"}), CheckStatus.WARN,
     "point-in-time recovery is not possible: see docs/backup.md 无法按时间点恢复"),
    ("wal_level", frozenset({"replica", "logical"}), CheckStatus.WARN,
     "base backups are not possible: set wal_level = replica 无法做基础备份"),
)  # fmt: skip
_LEAST_CONNECTIONS = 60
"""Connections needed: ten per worker, twenty per web process, and some for tools."""
_PAGE = 8_192
_LEAST_BUFFERS = 64 << 20
_LOG = "see the log of the database 查看数据库日志"
_DEVICES = "SELECT count(*) FROM devices"
_VERSION = "SELECT split_part(current_setting('server_version'), ' ', 1)"  # behind it the distribution's
_DEAD_ROWS = 100_000
_OLD_TRANSACTION = timedelta(minutes=10)
_XID_AGE = 1_000_000_000
CLOCK_WARN_S = 1.0
CLOCK_BAD_S = 30.0

_INDEX = re.compile(r"^(CREATE (?:UNIQUE )?INDEX|DROP INDEX) (?:IF (?:NOT )?EXISTS )?(\w+)", re.MULTILINE)
_BLOAT = """
SELECT relname, n_live_tup AS live, n_dead_tup AS dead FROM pg_stat_user_tables
WHERE n_dead_tup > $1 AND n_dead_tup > 0.3 * n_live_tup ORDER BY n_dead_tup DESC LIMIT 5
"""
_OLDEST = """
SELECT max(now() - xact_start) AS age FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
_ARCHIVER = "SELECT last_archived_time, last_failed_time, last_failed_wal, failed_count FROM pg_stat_archiver"
_SLOTS = """
SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint AS behind
FROM pg_replication_slots WHERE NOT active AND NOT pg_is_in_recovery()
"""


async def examine(conn: db.Connection) -> list[CheckResult]:
    """Run all checks; those that cannot be run are findings, too."""
    results = [await _server(conn), *await _migrations(conn)]
    if any(finding.status is CheckStatus.BAD for finding in results):
        return results  # the other checks need the tables
    parts: tuple[Callable[[db.Connection], Awaitable[list[CheckResult]]], ...] = (
        timescale.examine, keeping.examine, privileges.examine, _indexes, _settings, _upkeep, _archive, clock,
    )  # fmt: skip
    for part in parts:
        try:
            results += await part(conn)
        except asyncpg.PostgresError as fault:
            if conn.is_closed():
                return [*results, bad("connection 连接", f"broke 中断: {fault}", faults.explain(fault) or _LOG)]
            todo = "grant pg_monitor to the account, or check as the owner of the tables 授予 pg_monitor"
            results.append(warn(part.__name__.strip("_"), f"could not be checked 无法检查: {fault}", todo))
    return results


async def _server(conn: db.Connection) -> CheckResult:
    version = conn.get_server_version()
    detail = f"PostgreSQL {await conn.fetchval(_VERSION)}"
    size = await conn.fetchval("SELECT pg_size_pretty(pg_database_size(current_database()))")
    return findings.ok_if(
        "server 数据库版本",
        good=version.major >= 15,
        detail=f"{detail}, {size}",
        todo="upgrade to 15 or newer 升级到 15 以上",
    )


async def _migrations(conn: db.Connection) -> list[CheckResult]:
    try:
        await migration_store.refuse_newer(conn)
    except migration_store.NewerTablesError as fault:
        return [bad("tables 数据表", "from a newer release 由更新版本创建", str(fault))]
    missing = await migration_store.missing(conn)
    todo = "run `patrol migrate` 执行 patrol migrate"
    if missing:
        return [bad("tables 数据表", f"missing {', '.join(missing[:5])} ({len(missing)})", todo)]
    return [ok("tables 数据表", "up to date 最新")]


async def _indexes(conn: db.Connection) -> list[CheckResult]:
    wanted: set[str] = set()
    for migration in migrations.plain():
        for verb, name in _INDEX.findall(migration.sql):
            (wanted.discard if verb.startswith("DROP") else wanted.add)(name)
    there = {row["relname"] for row in await conn.fetch("SELECT relname FROM pg_class WHERE relkind IN ('i', 'I')")}
    broken = {row["relname"] for row in await conn.fetch(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"
    )}  # fmt: skip
    faults = sorted(wanted - there) + sorted(broken)
    if not faults:
        return [ok("indexes 索引", f"all {len(wanted)} exist 齐全")]
    todo = "create them as in schemas/sql, and REINDEX invalid ones 按 schemas/sql 重建"
    return [bad("indexes 索引", f"missing or invalid 缺失或无效: {', '.join(faults)}", todo)]


async def _settings(conn: db.Connection) -> list[CheckResult]:
    rows = await conn.fetch("SELECT name, setting FROM pg_settings")
    now = {row["name"]: row["setting"] for row in rows}
    results = [
        findings.ok_if(name, good=now.get(name) in good, detail=str(now.get(name)), todo=todo, otherwise=otherwise)
        for name, good, otherwise, todo in _SETTINGS
    ]
    most = int(now["max_connections"])
    todo = f"set max_connections = {2 * _LEAST_CONNECTIONS} 调大"
    connections = findings.ok_if(
        "max_connections", good=most >= _LEAST_CONNECTIONS, detail=str(most), todo=todo, otherwise=CheckStatus.WARN
    )
    return [*results, connections, _buffers(int(now["shared_buffers"]), await conn.fetchval(_DEVICES))]


def _buffers(pages: int, devices: int) -> CheckResult:
    """Whether the index pages where fixes of each device are inserted fit into memory, with one table page each."""
    held, wanted = pages * _PAGE, _LEAST_BUFFERS + 2 * _PAGE * devices
    todo = f"set shared_buffers = {(wanted >> 20) + 1}MB or more, else storing is slow 调大，否则入库变慢"
    detail = f"{held >> 20} MB, {devices:,} devices 终端"
    return findings.ok_if("shared_buffers", good=held >= wanted, detail=detail, todo=todo, otherwise=CheckStatus.WARN)


async def _upkeep(conn: db.Connection) -> list[CheckResult]:
    results = [
        warn("bloat 膨胀", f"{row['relname']}: {row['dead']:,} dead rows, {row['live']:,} live",
             f"VACUUM {row['relname']}; if it recurs, lower autovacuum_vacuum_scale_factor 执行 VACUUM")
        for row in await conn.fetch(_BLOAT, _DEAD_ROWS)
    ]  # fmt: skip
    results = results or [ok("bloat 膨胀", "little 很少")]
    age = await conn.fetchval(_OLDEST)
    if age is not None and age > _OLD_TRANSACTION:
        todo = "find it in pg_stat_activity and end it: it keeps dead rows from being removed 结束长事务"
        results.append(warn("long transaction 长事务", f"{age}", todo))
    xid = await conn.fetchval("SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()")
    todo = "run VACUUM FREEZE before writes are refused 尽快冻结"
    results.append(findings.ok_if("transaction numbers 事务号", good=xid < _XID_AGE, detail=f"{xid:,} old", todo=todo))
    return results


async def _archive(conn: db.Connection) -> list[CheckResult]:
    results: list[CheckResult] = []
    row = await conn.fetchrow(_ARCHIVER)
    if row is not None and row["last_failed_time"] is not None and (
        row["last_archived_time"] is None or row["last_failed_time"] > row["last_archived_time"]
    ):  # fmt: skip
        detail = f"{row['last_failed_wal']} could not be archived since {row['last_failed_time']}"
        todo = "correct archive_command (see the log of the database): WAL fills the disk meanwhile 归档失败"
        results.append(bad("WAL archive 归档", detail, todo))
    for slot in await conn.fetch(_SLOTS):
        todo = f"SELECT pg_drop_replication_slot('{slot['slot_name']}') if nothing uses it any more 删除无用复制槽"
        results.append(
            warn("replication slot 复制槽", f"{slot['slot_name']} keeps {slot['behind'] >> 20} MiB of WAL", todo)
        )
    return results


async def clock(conn: db.Connection) -> list[CheckResult]:
    """Compare the clock of this machine with that of the database."""
    before = time.time()
    theirs = (await conn.fetchval("SELECT clock_timestamp()")).timestamp()
    after = time.time()
    ahead = (before + after) / 2 - theirs
    least = max(abs(ahead) - (after - before) / 2, 0.0)  # more than the round trip explains
    detail = f"{ahead:+.3f} s ahead of the database 比数据库快"
    todo = "synchronize both with one NTP server (chrony, systemd-timesyncd) 统一 NTP 对时"
    if least > CLOCK_WARN_S:
        return [(bad if least > CLOCK_BAD_S else warn)("clock 时钟", detail, todo)]
    zone = (await settings_store.time_zone(conn)).key
    return [ok("clock 时钟", detail), note("time zone 时区", f"{zone} for days and duty times; stored as UTC")]
