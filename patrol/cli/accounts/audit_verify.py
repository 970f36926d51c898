"""`patrol audit verify`: verification of the audit record."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import typer

from patrol.checks import connectivity
from patrol.cli import errors
from patrol.settings import device_key
from patrol.settings.settings import Settings
from web.audit import audit_check
from web.audit.audit_anchors import Anchors
from web.audit.audit_chain import Head

_PRINTED = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


def run(settings: Settings, *, anchor: Path | None, heads: Sequence[str] = (), chain_only: bool = False) -> None:
    """Verify the chain and its anchors; print changes and exit with code 1 if there are any."""
    printed = [_head(text) for text in heads]
    file = anchor or settings.anchor_file
    anchors = None if chain_only else Anchors(file, device_key.device_key(settings))

    async def check() -> audit_check.AuditVerdict:
        async with connectivity.connected(connectivity.database_url(settings)) as conn:
            if anchors is None:
                return await audit_check.verify(conn, printed)
            return await audit_check.examine(conn, anchors, printed, copy=anchor is not None)

    try:
        verdict = asyncio.run(check())
    except OSError as fault:
        raise errors.SetupError(f"The anchors {file} cannot be read ({fault.strerror}); correct it.") from fault
    for listed in verdict.faults:
        typer.echo(f"✗ {listed}")
    if verdict.faults:
        raise errors.SetupError(
            f"The audit record was changed, or cannot be proven complete: {len(verdict.faults)} fault(s) in "
            f"{verdict.rows:,} rows. Secure the database and its backups before anything else writes to it."
        )
    anchors_checked = "anchors were not checked" if anchors is None else f"{verdict.anchors:,} anchors match"
    typer.echo(f"✓ {verdict.rows:,} entries are as they were written; {anchors_checked}. 审计记录完整。")


def _head(text: str) -> Head:
    match = _PRINTED.fullmatch(text)
    if match is None:
        raise errors.SetupError(f"--head {text}: give it as `patrol audit head` printed it, NUMBER:HASH.")
    return Head(int(match[1]), bytes.fromhex(match[2]))
