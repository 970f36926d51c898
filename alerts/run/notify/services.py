"""Mail, chat and message services through Apprise. A success report counts as sent; nothing is repeated."""

import asyncio
import functools
import importlib
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from alerts.notify.message import NotSentError, OutgoingMessage
from alerts.run.notify import egress, guard
from alerts.run.notify.guard import Address, Allowed, Lookup

SCHEMES = (
    "bark,barks,dingtalk,feishu,gotify,gotifys,lark,mailto,mailtos,matrix,matrixs,mmost,mmosts,ntfy,ntfys,"
    "pover,rocket,rockets,slack,tgram,wecombot"
)
"""Allowed services: those that call a fixed public service, not this machine or arbitrary addresses."""
PARAMETERS = frozenset({
    "auth", "badge", "bcc", "blocks", "botname", "call", "category", "cc", "channel", "channels", "delay", "expire",
    "footer", "format", "from", "group", "interval", "key", "level", "mode", "msgtype", "name", "overflow", "priority",
    "reply", "secret", "silent", "smtp", "sound", "subtitle", "team", "thread", "timestamp", "to", "token", "topic",
    "ttl", "version", "volume", "webhook", "xtags",
})  # fmt: skip
"""Allowed parameters: recipients and formats; none that fetches, reads files, follows redirects or skips checks."""
TIMEOUT_S = 60.0

# Its log may contain addresses; the delivery log has the errors.
logging.getLogger("apprise").setLevel(logging.CRITICAL)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="apprise")


@functools.cache
def _apprise() -> tuple[Any, Any]:
    """Apprise and its settings, imported at the first use, which takes a second."""
    module = importlib.import_module("apprise")
    mode = module.PersistentStoreMode.MEMORY
    return module, module.AppriseAsset(storage_mode=mode, app_id="patrolgrid", http_redirects=False)


def schemes(text: str) -> frozenset[str]:
    """Read the schemes of a setting; empty: the safe ones."""
    return frozenset(scheme.strip().lower() for scheme in (text or SCHEMES).split(",") if scheme.strip())


def service(url: str, allowed: frozenset[str]) -> Any:
    """Create the service of an Apprise URL.

    Raises:
        ValueError: it is invalid, not `allowed`, or has a forbidden parameter; the text says what to do.
    """
    scheme = url.partition("://")[0].lower()
    if scheme not in allowed:
        raise ValueError(f"the service {scheme[:20]!r} is not allowed: add it to PATROL_NOTIFY_SERVICES")
    beyond = sorted(_parameters(url) - PARAMETERS)
    if beyond:
        raise ValueError(
            f"the parameter {beyond[0][:20]!r} is not allowed: leave it out; docs/alerts.md lists the others"
        )
    apprise, asset = _apprise()
    plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is None:
        raise ValueError(f"apprise cannot read this {scheme} address: compare it with apprise's documentation")
    return plugin


def _parameters(url: str) -> set[str]:
    """Names of the parameters as Apprise reads them; those with a prefix character set headers and the like."""
    _apprise()
    read = importlib.import_module("apprise.utils.parse").parse_url(url, verify_host=False) or {}
    plain = {name.lower() for name in read.get("qsd", {})}
    return plain | {sign + name for sign in "+-:" for name in read.get(f"qsd{sign}", {})}


class Services:
    """Sends messages to the service of a channel: `{"url"}`."""

    def __init__(self, allowed: Allowed, schemes: frozenset[str], lookup: Lookup | None = None) -> None:
        self._allowed, self._schemes, self._lookup = allowed, schemes, lookup

    async def __call__(self, target: Mapping[str, Any], message: OutgoingMessage) -> None:
        """Send.

        Raises:
            NotSentError: the service said no.
        """
        try:
            plugin = service(target["url"], self._schemes)
        except ValueError as error:
            raise NotSentError(str(error), gone=True) from None
        host, checked = getattr(plugin, "smtp_host", None) or getattr(plugin, "host", None), list[Address]()
        if host:  # the others know the address of their service by themselves
            port = getattr(plugin, "port", None) or 443
            checked = await guard.check(str(host), port, self._allowed, lookup=self._lookup)
        send = functools.partial(_send, plugin, message.title, message.text, self._allowed, checked)
        sending = asyncio.get_running_loop().run_in_executor(_threads, send)
        async with asyncio.timeout(TIMEOUT_S):
            if not await sending:
                raise NotSentError("the service did not take it")


def _send(plugin: Any, title: str, text: str, allowed: Allowed, checked: Sequence[Address]) -> bool:
    with egress.limited(allowed, checked):
        return bool(plugin.send(body=text, title=title))
