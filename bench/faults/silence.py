"""Packets on loopback that are dropped: rules of the packet filter, in a separate table, by port."""

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence

_TABLE = f"patrol_faults_{os.getpid()}"
_FORGOTTEN_S = 180
_RULES = f"""
table ip {_TABLE} {{
  set shut {{ type inet_service; }}
  set forgotten {{ type inet_service . inet_service; flags timeout; timeout {_FORGOTTEN_S}s; }}
  chain input {{
    type filter hook input priority 0;
    iif lo tcp dport @shut drop
    iif lo tcp sport @shut drop
    iif lo tcp sport . tcp dport @forgotten drop
  }}
}}
"""


@functools.cache
def possible() -> bool:
    """Whether we may make such rules; makes the table."""
    if shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        return False
    return _nft(_RULES)


def shut(port: int) -> None:
    """Let all packets to and from a port vanish."""
    _nft(f"add element ip {_TABLE} shut {{ {port} }}")


def open_(port: int) -> None:
    """Let them pass again; one that was open stays so."""
    if possible():
        _nft(f"delete element ip {_TABLE} shut {{ {port} }}")


def forget(connections: Sequence[tuple[int, int]]) -> None:
    """Let the packets of open connections vanish for good, each given by its two ports: nobody else's are touched."""
    both = [f"{one} . {other}" for ends in connections for one, other in (ends, ends[::-1])]
    if both:
        _nft(f"add element ip {_TABLE} forgotten {{ {', '.join(both)} }}")


def remove() -> None:
    """Take the rules away."""
    if possible():
        _nft(f"delete table ip {_TABLE}")
        possible.cache_clear()


def _nft(text: str) -> bool:
    command = ["nft", "-f", "-"]
    path = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"}
    return subprocess.run(command, input=text.encode(), capture_output=True, check=False, env=path).returncode == 0
