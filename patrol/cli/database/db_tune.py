"""`patrol db tune`: set the chunk interval by the rate of fixes."""

import typer

from ingest.store import chunks
from patrol.checks import chunking, timescale
from patrol.cli import errors
from patrol.cli.accounts import as_operator
from patrol.settings.settings import Settings
from runtime import db


def run(settings: Settings, *, rate: float | None) -> None:
    """Set it for new chunks.

    Raises:
        SetupError: there is no TimescaleDB, or the rate is not known.
    """

    async def tune(conn: db.Connection) -> str:
        if not await chunks.installed(conn):
            raise errors.SetupError(
                "This database has no TimescaleDB: there are no chunks to tune. 未使用 TimescaleDB。"
            )
        seen = float(await conn.fetchval(timescale.RATE))
        if rate is None and seen == 0:
            raise errors.SetupError(
                "No fixes were received within seven days: give the expected rate with --rate. 请用 --rate 指定。"
            )
        by = seen if rate is None else rate
        wanted = chunking.interval(by, await conn.fetchval("SELECT days FROM retention WHERE class = 'fixes'"))
        await conn.fetchval("SELECT set_chunk_time_interval('fixes', $1::interval)", wanted)
        return f"{by:,.1f} fixes/s: new chunks hold {wanted}. 新分块时长 {wanted}。"

    typer.echo(as_operator.run(settings, tune))
