"""Checks whether the role of the server could alter the audit record."""

from patrol.checks.findings import CheckResult, bad, ok, warn
from patrol.services import roles
from runtime import db


async def examine(conn: db.Connection) -> list[CheckResult]:
    """Check the rights of the role of the connection; if it owns the tables, those of the server's role."""
    results: list[CheckResult] = []
    off = await roles.switched_off(conn)
    if off:
        todo = (
            "ALTER TABLE … ENABLE ALWAYS TRIGGER …, find out who disabled them, then `patrol audit verify` 触发器被停用"
        )
        results.append(bad("audit triggers 审计触发器", f"disabled: {', '.join(off)}", todo))
    role = await conn.fetchval("SELECT current_user")
    ways = await roles.ways_to_alter_the_audit(conn)
    if ways and await roles.exists(conn, roles.SERVER):
        role = roles.SERVER
        ways = await roles.ways_to_alter_the_audit(conn, role)
    what = "audit record 审计记录"
    if not ways:
        return [*results, ok(what, f"{role} can only append to it 仅可追加")]
    todo = "run the server with its own role: PATROL_OWNER_DATABASE_URL, docs/security.md 服务使用独立的数据库角色"
    return [*results, warn(what, f"{role} could alter it 可被篡改: {'; '.join(ways)}", todo)]
