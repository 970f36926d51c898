"""The dump and restore of docs/backup.md on a TimescaleDB, with pg_dump and pg_restore themselves."""

import subprocess
from pathlib import Path

from patrol.services import postgres
from tests.support.timescaledb import TimescaleServer

_FILL = (
    "CREATE EXTENSION IF NOT EXISTS timescaledb",
    "CREATE TABLE fixes (device int, t timestamptz NOT NULL, PRIMARY KEY (device, t))",
    "SELECT create_hypertable('fixes', 't')",
    "INSERT INTO fixes SELECT 1, '2026-01-01'::timestamptz + n * interval '1 day' FROM generate_series(1, 40) n",
)
_SHOWN = "SELECT count(*), (SELECT count(*) FROM timescaledb_information.chunks), max(t) FROM public.fixes"


def test_a_dump_of_hypertables_is_restored_as_hypertables(tmp_path: Path) -> None:
    """All rows in as many chunks. INSERTs, as a TimescaleDB in WebAssembly takes no COPY; else the calls are those."""
    dump = str(tmp_path / "patrol.dump")
    first, second = (TimescaleServer(log=tmp_path / f"{name}.log") for name in ("first", "second"))
    first.start()
    try:
        _sql(first, *_FILL)
        before = _sql(first, _SHOWN)
        _run("pg_dump", first.url, "--format=custom", "--inserts", f"--file={dump}")
    finally:
        first.stop()
    second.start()
    try:
        _sql(second, "CREATE EXTENSION IF NOT EXISTS timescaledb", "SELECT timescaledb_pre_restore()")
        _run("pg_restore", f"--dbname={second.url}", "--no-owner", dump)
        # All its connections are one session, in which pg_restore has set the search path.
        _sql(second, "SELECT public.timescaledb_post_restore()")
        assert _sql(second, _SHOWN) == before
    finally:
        second.stop()


def _sql(server: TimescaleServer, *statements: str) -> str:
    return _run("psql", server.url, "-qAt", *(word for each in statements for word in ("-c", each)))


def _run(program: str, *arguments: str) -> str:
    command = [postgres._program(program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
