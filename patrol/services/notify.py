"""Reports that a process is ready: a line on the pipe of its supervisor, a datagram to systemd (`Type=notify`)."""

import contextlib
import os
import socket

VARIABLE = "PATROL_READY_FD"
READY = b"ready\n"
SYSTEMD = "NOTIFY_SOCKET"


def notify_ready() -> None:
    """Report to the supervisor, if there is one, that this process is ready."""
    descriptor = os.environ.get(VARIABLE)
    if descriptor is not None:
        with contextlib.suppress(BrokenPipeError):  # it gave up waiting and closed the pipe
            os.write(int(descriptor), READY)
    if (address := os.environ.get(SYSTEMD)) is not None:
        _tell_systemd(address)


def _tell_systemd(address: str) -> None:
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.connect(address)
        supervisor.sendall(b"READY=1")
