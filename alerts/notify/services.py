"""Mail, chat and message services by apprise. What it says yes to was sent; what is cut short is not repeated."""

import asyncio
import functools
import importlib
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from alerts.notify import guard
from alerts.notify.guard import Allowed
from alerts.notify.message import Message, NotSentError

SCHEMES = (
    "bark,barks,dingtalk,feishu,gotify,gotifys,lark,mailto,mailtos,matrix,matrixs,mmost,mmosts,msteams,ntfy,ntfys,"
    "pover,rocket,rockets,slack,tgram,wecombot"
)
"""Services that may be used: those that talk to a service, not to this machine or to any address at all."""
TIMEOUT_S = 60.0

# Its own log may name addresses; what went wrong is told by the delivery.
logging.getLogger("apprise").setLevel(logging.CRITICAL)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="apprise")


@functools.cache
def _apprise() -> tuple[Any, Any]:
    """Give apprise and its settings; loaded when it is first needed, as it takes a second."""
    module = importlib.import_module("apprise")
    return module, module.AppriseAsset(storage_mode=module.PersistentStoreMode.MEMORY, app_id="patrolgrid")


def schemes(text: str) -> frozenset[str]:
    """Read the schemes of a setting; empty: those that are safe."""
    return frozenset(each.strip().lower() for each in (text or SCHEMES).split(",") if each.strip())


def service(url: str, allowed: frozenset[str]) -> Any:
    """Make the service of an apprise URL.

    Raises:
        ValueError: it is none, or not one of `allowed`; the text tells what to do.
    """
    scheme = url.partition("://")[0].lower()
    if scheme not in allowed:
        raise ValueError(f"the service {scheme[:20]!r} is not allowed: add it to PATROL_NOTIFY_SERVICES")
    apprise, asset = _apprise()
    made = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if made is None:
        raise ValueError(f"apprise cannot read this {scheme} address: compare it with apprise's documentation")
    return made


class Services:
    """Sends messages to the service of a channel: `{"url"}`."""

    def __init__(self, allowed: Allowed, schemes: frozenset[str]) -> None:
        self._allowed, self._schemes = allowed, schemes

    async def __call__(self, target: Mapping[str, Any], message: Message) -> None:
        """Send.

        Raises:
            NotSentError: the service said no.
        """
        try:
            made = service(target["url"], self._schemes)
        except ValueError as error:
            raise NotSentError(str(error), gone=True) from None
        host = getattr(made, "smtp_host", None) or getattr(made, "host", None)
        if host:  # the others know the address of their service by themselves
            await guard.check(str(host), getattr(made, "port", None) or 443, self._allowed)
        sending = asyncio.get_running_loop().run_in_executor(_threads, _send, made, message.title, message.text)
        async with asyncio.timeout(TIMEOUT_S):
            if not await sending:
                raise NotSentError("the service did not take it")


def _send(made: Any, title: str, text: str) -> bool:
    return bool(made.send(body=text, title=title))
