"""Keep a thread from reaching what it may not, whatever library runs in it: each connection is judged as it is made.

What was looked up and checked before can be another address a moment later, and a library may follow where a server
sends it, or fetch more than the message needs. Python tells its audit hooks the numeric address of each connection.
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
    """Let this thread reach public addresses, networks of the settings and `checked`, and start no program."""
    _install()
    _here.allowed, _here.checked = allowed, frozenset(checked)
    try:
        yield
    finally:
        del _here.allowed, _here.checked


@functools.cache
def _install() -> None:
    sys.addaudithook(_judge)  # for the life of the process: there is no taking it back


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
        return False  # a name, which would be looked up where nobody checks, or no internet address at all
    private = any(allowed.private("", part) for part in (address, *guard.inside(address)))
    return address in checked or private or guard.public(address)
