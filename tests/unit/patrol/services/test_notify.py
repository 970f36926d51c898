"""How a process tells that it is ready."""

import os
import socket
from pathlib import Path

import pytest

from patrol.services import notify


def test_ready_is_told_to_systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A unit of Type=notify waits for this datagram; both kinds of sockets are known."""
    for bound, named in ((str(tmp_path / "notify"), str(tmp_path / "notify")),
                         (f"\0patrol-{os.getpid()}", f"@patrol-{os.getpid()}")):  # fmt: skip
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(bound)
            monkeypatch.setenv("NOTIFY_SOCKET", named)
            notify.notify_ready()
            assert systemd.recv(64) == b"READY=1"


def test_ready_without_anybody_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that somebody started by hand tells nobody."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv(notify.VARIABLE, raising=False)
    notify.notify_ready()
