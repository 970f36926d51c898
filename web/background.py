"""Background tasks of a web process: database, audit recorder, anchors and the live part."""

import asyncio
import sys

from runtime.parts import Parts
from web import problems
from web.audit import anchoring
from web.auth import first_administrator
from web.auth.store import second_factor, tokens
from web.auth.store.credentials import ADMIN
from web.context import Context


async def run(here: Context) -> None:
    """Run until cancelled.

    Raises:
        ExceptionGroup: a task failed; the process must end and be restarted.
    """
    try:
        async with asyncio.TaskGroup() as group:
            parts = Parts(group, here.hub.stopping)
            parts.start("web.database", here.database.open(), ends=True)
            parts.start("web.admin", _ensure_admin(here), ends=True)
            parts.start("web.audit", here.audit.run())
            parts.start("web.live", here.hub.run())
            _start_anchoring(parts, here)
    finally:
        await here.database.close()


def _start_anchoring(parts: Parts, here: Context) -> None:
    anchors, address = anchoring.files(here.config), here.config.audit_anchor_url
    if anchors is None:
        return
    sender = None if address is None else anchoring.AnchorSender(address)
    parts.start("web.anchor", anchoring.AnchorTask(anchors, here.database, sender).run())
    if sender is not None:
        parts.start("web.anchor_sender", sender.run())


async def _ensure_admin(here: Context) -> None:
    pool = await here.database.opened()
    while True:
        try:
            password = await first_administrator.ensure(pool, here.config.admin_password)
            if here.vault is not None:
                await second_factor.seal_all(pool, here.vault)
            await tokens.end_children_of_settings(pool, here.config.api_token)
            break
        except problems.UNREACHABLE:
            await asyncio.sleep(1)  # not migrated yet, or away again
    if password is not None:
        (here.config.on_admin_password or _print_password)(password)


def _print_password(password: str) -> None:
    sys.stderr.write(f"First start: sign in as {ADMIN} with the password {password} (shown only now).\n")
    sys.stderr.flush()
