"""The database role that the server runs as: it reads and writes the city, and appends to the audit record.

It cannot change or remove entries of the record, owns no tables and cannot become their owner. Migrations run as the
owner of the tables, who grants its rights again after each.
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from patrol.cli import errors
from runtime import db

SERVER = "patrol_server"
"""Default name of the role."""
_ITERATIONS = 4_096  # PostgreSQL's own
_SCHEMA = "public"
_OURS = """
SELECT format('%I.%I', n.nspname, c.relname) AS name, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND pg_has_role(c.relowner, 'MEMBER')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
_HYPERTABLES = """
SELECT format('%I.%I', hypertable_schema, hypertable_name) AS name, 'TABLE' AS kind
FROM timescaledb_information.hypertables WHERE hypertable_schema = 'public' AND owner <> $1
UNION ALL
SELECT format('%I.%I', view_schema, view_name), 'MATERIALIZED VIEW'
FROM timescaledb_information.continuous_aggregates WHERE view_owner <> $1
"""
_OWNER = """
SELECT quote_ident(rolname) FROM pg_roles
WHERE oid = (SELECT relowner FROM pg_class WHERE oid = 'audit'::regclass) AND NOT pg_has_role(oid, $1, 'MEMBER')
"""
_WAYS = """
SELECT way FROM (VALUES
  ('it is a superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = $1)),
  ('it may make roles', (SELECT rolcreaterole FROM pg_roles WHERE rolname = $1)),
  ('it owns the record, or can become its owner', (
    SELECT bool_or(pg_has_role($1, relowner, 'MEMBER')) FROM pg_class
    WHERE oid IN ('audit'::regclass, 'audit_head'::regclass))),
  ('it owns the database or the schema, or can become their owner', (
    SELECT pg_has_role($1, datdba, 'MEMBER') FROM pg_database WHERE datname = current_database())
    OR (SELECT pg_has_role($1, nspowner, 'MEMBER') FROM pg_namespace
        WHERE oid = (SELECT relnamespace FROM pg_class WHERE oid = 'audit'::regclass))),
  ('it may change rows of it', has_table_privilege($1, 'audit', 'UPDATE')
    OR has_any_column_privilege($1, 'audit', 'UPDATE')),
  ('it may delete rows of it', has_table_privilege($1, 'audit', 'DELETE')
    OR has_table_privilege($1, 'audit', 'TRUNCATE') OR has_table_privilege($1, 'audit_head', 'DELETE')
    OR has_table_privilege($1, 'audit_head', 'TRUNCATE')),
  ('it may put triggers on it', has_table_privilege($1, 'audit', 'TRIGGER')
    OR has_table_privilege($1, 'audit_head', 'TRIGGER')),
  ('it may write files of the database''s machine, or run programs there',
    pg_has_role($1, 'pg_write_server_files', 'MEMBER') OR pg_has_role($1, 'pg_execute_server_program', 'MEMBER'))
) AS known (way, open) WHERE open
"""
_SWITCHED_OFF = """
SELECT tgname FROM pg_trigger
WHERE tgrelid IN ('audit'::regclass, 'audit_head'::regclass) AND NOT tgisinternal AND tgenabled <> 'A' ORDER BY tgname
"""


async def ways_to_alter_the_audit(conn: db.Connection, role: str | None = None) -> list[str]:
    """Ways in which a role, or that of the connection, could alter the audit record; empty: none."""
    rows = await conn.fetch(_WAYS, role or await conn.fetchval("SELECT current_user"))
    return [row["way"] for row in rows]


async def switched_off(conn: db.Connection) -> list[str]:
    """Triggers that protect the audit record, but not in every session."""
    return [row["tgname"] for row in await conn.fetch(_SWITCHED_OFF)]


async def exists(conn: db.Connection, role: str) -> bool:
    """Whether the role exists."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role))


def server_url(owner_url: str, password: str, role: str = SERVER) -> str:
    """The address of the owner's database, for the server's role."""
    parts = urlsplit(owner_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{quote(password, safe='')}@{host}"))


async def prepare(owner_url: str, url: str) -> None:
    """Create the role of `url` if it does not exist, set its password to that of `url`, and grant its rights.

    Raises:
        SetupError: the owner lacks the right, or the role could still alter the audit record.
    """
    parts = urlsplit(url)
    role, password = unquote(parts.username or ""), unquote(parts.password or "")
    conn = await asyncpg.connect(owner_url)
    try:
        if not role or role == await conn.fetchval("SELECT current_user"):
            raise errors.SetupError(
                "The database address of the server names the owner of the tables: give the server its own user, "
                f"such as {SERVER}; `patrol migrate` creates it."
            )
        await _make(conn, role, url, password)
        await _grant(conn, role)
        ways = await ways_to_alter_the_audit(conn, role)
        if ways:
            raise errors.SetupError(
                f"The role {role} could alter the audit record: {'; '.join(ways)}. Revoke these rights."
            )
    except asyncpg.InsufficientPrivilegeError as fault:
        raise errors.SetupError(
            f"The owner of the tables may not prepare the role {role} ({fault}): run `patrol migrate` once with "
            "PATROL_OWNER_DATABASE_URL as a superuser; the tables keep their owner."
        ) from fault
    finally:
        await conn.close()


async def _make(conn: db.Connection, role: str, url: str, password: str) -> None:
    name = await _quoted(conn, role)
    if not await exists(conn, role):
        await conn.execute(f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION")
    elif await _opens(url):
        return
    if password:
        await conn.execute(f"ALTER ROLE {name} PASSWORD '{_verifier(password)}'")


async def _opens(url: str) -> bool:
    try:
        await (await asyncpg.connect(url, timeout=10)).close()
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InsufficientPrivilegeError):
        return False
    return True


async def _grant(conn: db.Connection, role: str) -> None:
    name, database = await _quoted(conn, role), await _quoted(conn, await conn.fetchval("SELECT current_database()"))
    ours = await conn.fetch(_OURS)
    tables = ", ".join(row["name"] for row in ours if row["kind"] == "table")
    sequences = ", ".join(row["name"] for row in ours if row["kind"] == "sequence")
    async with conn.transaction():
        await conn.execute(f"""
            GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {name};
            REVOKE CREATE ON SCHEMA {_SCHEMA} FROM PUBLIC;
            REVOKE CREATE ON SCHEMA {_SCHEMA} FROM {name};
            GRANT USAGE ON SCHEMA {_SCHEMA} TO {name};
            GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {name};
            GRANT USAGE, SELECT ON SEQUENCE {sequences} TO {name};
            REVOKE ALL ON audit, audit_head, schema_migrations FROM PUBLIC, {name};
            GRANT SELECT, INSERT ON audit TO {name};
            GRANT SELECT, UPDATE ON audit_head TO {name};
            GRANT SELECT ON schema_migrations TO {name};
        """)  # noqa: S608 - names are quoted by the database
    await _monitor(conn, name)
    await _hand_over_hypertables(conn, role)


async def _monitor(conn: db.Connection, name: str) -> None:
    """Grant access to the views that the checks of the database need, where possible."""
    try:
        await conn.execute(f"GRANT pg_monitor TO {name}")
    except asyncpg.InsufficientPrivilegeError:
        return


async def _hand_over_hypertables(conn: db.Connection, role: str) -> None:
    """TimescaleDB lets only an owner drop chunks and refresh aggregates, which retention does every night."""
    if not await conn.fetchval("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')"):
        return
    left = await conn.fetch(_HYPERTABLES, role)
    if not left:
        return
    name, owner = await _quoted(conn, role), await conn.fetchval(_OWNER, role)
    if owner is not None:
        await conn.execute(f"GRANT {name} TO {owner}")  # so that migrations can still change these tables
    await conn.execute(f"GRANT CREATE ON SCHEMA {_SCHEMA} TO {name}")  # an owner of tables must have had it
    for row in left:
        await conn.execute(f"ALTER {row['kind']} {row['name']} OWNER TO {name}")
    await conn.execute(f"REVOKE CREATE ON SCHEMA {_SCHEMA} FROM {name}")


async def _quoted(conn: db.Connection, name: str) -> str:
    quoted: str = await conn.fetchval("SELECT quote_ident($1)", name)
    return quoted


def _verifier(password: str) -> str:
    """SCRAM verifier of a password (RFC 5803), so that the password itself appears in no statement or log."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt64}${stored64}:{server64}"
