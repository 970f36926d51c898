"""Restricts the connections of a thread, whatever library runs in it: each connection is checked as it is made.

A checked name can resolve to another address a moment later, and a library may follow redirects or fetch more than the
message needs. Python's audit hooks get the numeric address of each connection.
"""

import contextlib
import functools
import ipaddress
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from alerts.run.notify import guard
from alerts.run.notify.guard import Address, Allowed

_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_STARTS = frozenset({"os.exec", "os.fork", "os.posix_spawn", "os.system", "subprocess.Popen"})
_here = threading.local()


@contextlib.contextmanager
def limited(allowed: Allowed, checked: Sequence[Address] = ()) -> Iterator[None]:
    """Allow this thread only public addresses, networks of the settings and `checked`, and no subprocesses."""
    _install()
    _here.allowed, _here.checked = allowed, frozenset(checked)
    try:
        yield
    finally:
        del _here.allowed, _here.checked


@functools.cache
def _install() -> None:
    sys.addaudithook(_judge)  # permanent for the process: it cannot be removed


def _judge(event: str, args: tuple[Any, ...]) -> None:
    if event not in _CONNECTS and event not in _STARTS:
        return
    allowed: Allowed | None = getattr(_here, "allowed", None)
    if allowed is None:
        return
    if event in _STARTS or not _may_reach(args[1], allowed, _here.checked):
        raise PermissionError("a message service may only reach public addresses: see PATROL_NOTIFY_ALLOW")


def _may_reach(where: Any, allowed: Allowed, checked: frozenset[Address]) -> bool:
    try:
        address = ipaddress.ip_address(str(where[0]).partition("%")[0])
    except (ValueError, TypeError, IndexError):
        return False  # a name, whose lookup would be unchecked, or not an internet address
    private = any(allowed.private("", part) for part in (address, *guard.inside(address)))
    return address in checked or private or guard.public(address)
