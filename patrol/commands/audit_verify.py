"""`patrol audit verify`: whether the audit record is as it was written."""

import asyncio
from pathlib import Path

import asyncpg
import typer

from patrol import device_key, errors, reach
from patrol.settings import Settings
from web import audit_check
from web.audit_chain import Head


def run(settings: Settings, *, anchor: Path | None) -> None:
    """Go over the chain and its anchors; what was changed is named, and the exit code is 1."""
    file = anchor or settings.audit_anchor or settings.data_dir / "audit.anchors"
    anchors: list[Head] = []
    if file.exists():
        try:
            anchors = audit_check.read_anchors(file, device_key.device_key(settings))
        except audit_check.AnchorError as fault:
            raise errors.SetupError(str(fault)) from fault
    elif anchor is not None:
        raise errors.SetupError(f"There is no anchor file {file}; leave --anchor out to check the chain alone.")
    verdict = asyncio.run(_verify(reach.database_url(settings), anchors))
    for found in verdict.faults:
        typer.echo(f"✗ {found}")
    if verdict.faults:
        raise errors.SetupError(
            f"The audit record was changed: {len(verdict.faults)} fault(s) in {verdict.rows:,} rows. Secure the "
            "database and its backups before anything else writes to it."
        )
    typer.echo(f"✓ {verdict.rows:,} rows are as they were written; {verdict.anchors:,} anchors fit. 审计记录完整。")


async def _verify(url: str, anchors: list[Head]) -> audit_check.Verdict:
    await reach.check_database(url)
    connection = await asyncpg.connect(url)
    try:
        return await audit_check.verify(connection, anchors)
    except asyncpg.UndefinedTableError as fault:
        raise errors.SetupError("The database has no audit record yet: run `patrol migrate` first.") from fault
    finally:
        await connection.close()
