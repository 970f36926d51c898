"""What runs in a limited thread reaches nothing that it may not: a hostile server and a hostile resolver try."""

import http.server
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from alerts.notify.message import NotSentError, OutgoingMessage
from alerts.run.notify import egress, services
from alerts.run.notify.guard import Allowed
from alerts.run.notify.services import Services

SCHEMES = frozenset(services.SCHEMES.split(","))
TEST = OutgoingMessage(id="t", notices=[])
FRIENDLY, INNER = "127.0.0.2", "127.0.0.1"
ALLOWED = Allowed.parse(f"{FRIENDLY}/32")


@contextmanager
def server(host: str, status: int = 200, leads_to: str = "") -> Iterator[tuple[int, list[str]]]:
    """An HTTP server: its port, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            if leads_to:
                self.send_header("Location", leads_to)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_PUT = do_POST  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            """Be silent."""

    serving = http.server.HTTPServer((host, 0), Handler)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield serving.server_port, asked
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


async def test_a_service_is_reached_where_the_settings_allow_it() -> None:
    """The guard lets through what it should."""
    with server(FRIENDLY) as (port, asked):
        await Services(ALLOWED, SCHEMES)({"url": f"gotify://{FRIENDLY}:{port}/token"}, TEST)
        assert len(asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    """A host that may be reached cannot send the server on to one that may not."""
    with server(INNER) as (inner, reached), server(FRIENDLY, status, f"http://{INNER}:{inner}/secret") as (port, asked):
        with pytest.raises(NotSentError):
            await Services(ALLOWED, SCHEMES)({"url": f"gotify://{FRIENDLY}:{port}/token"}, TEST)
        assert (len(asked), reached) == (1, [])


async def test_a_name_that_changes_its_address_after_the_check_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver says one thing to the check and another to the library."""

    async def first(_host: str, _port: int) -> list[str]:
        return ["8.8.8.8"]

    with server(INNER) as (inner, reached):
        then = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (INNER, inner))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: then)
        with pytest.raises(NotSentError):
            await Services(Allowed(), SCHEMES, first)({"url": f"gotify://rebind.example:{inner}/token"}, TEST)
        assert reached == []


@pytest.mark.parametrize(
    "address",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#c?template=http://127.0.0.1/",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#c?TEMPLATE=/etc/passwd",
        "tgram://123456789:abcdefg_hijklmnop/1/?template=http://127.0.0.1/",
        "ntfys://ntfy.sh/topic?attach=http://127.0.0.1/",
        "ntfys://ntfy.sh/topic?redirect=yes",
        "gotifys://8.8.8.8/token?verify=no",
        "matrixs://user:word@8.8.8.8/?discovery=yes",
        "mailtos://a:b@example.com?pgpprv=http://127.0.0.1/",
        "mailtos://a:b@example.com?wkd=yes",
        "mailtos://a:b@example.com?+X-Header=1",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#c?:key=1",
    ],
)
def test_parameters_that_fetch_or_loosen_are_refused(address: str) -> None:
    """The text says which one, not the address."""
    with pytest.raises(ValueError, match=r"^the parameter '[^']+' is not allowed") as refused:
        services.service(address, SCHEMES)
    assert "127.0.0.1" not in str(refused.value)


def test_parameters_that_say_to_whom_are_taken() -> None:
    """What a channel needs stays possible."""
    assert services.service("mailtos://a:b@example.com?to=c@example.com&name=x&from=d@example.com", SCHEMES)
    assert services.service("ntfys://ntfy.sh/topic?priority=high", SCHEMES)


def _by_name() -> None:
    with socket.socket() as made:
        made.connect(("localhost", 9))


WAYS: dict[str, Callable[[], object]] = {
    "requests": lambda: requests.get("http://127.0.0.1:9/", timeout=5),
    "urllib": lambda: urllib.request.urlopen("http://127.0.0.1:9/", timeout=5),
    "connection": lambda: socket.create_connection(("127.0.0.1", 9), 5),
    "name": _by_name,
    "mapped": lambda: socket.create_connection(("::ffff:127.0.0.1", 9), 5),
    "datagram": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    "file": lambda: socket.socket(socket.AF_UNIX).connect("/run/nothing"),
    "program": lambda: subprocess.run([sys.executable, "-V"], check=True),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_limited_thread_reaches_nothing_by_any_way(way: str) -> None:
    """Connections, datagrams, local sockets and programs are judged where Python makes them, whatever library asks."""
    with pytest.raises((OSError, requests.RequestException), match="PATROL_NOTIFY_ALLOW"), egress.limited(Allowed()):
        WAYS[way]()


def test_other_threads_are_free_and_this_one_is_afterwards() -> None:
    """The limit is of one thread and of its time."""
    found: list[object] = []

    def free() -> None:
        try:
            socket.create_connection(("127.0.0.1", 9), 5)
        except OSError as error:
            found.append(error)

    with egress.limited(Allowed()):
        thread = threading.Thread(target=free)
        thread.start()
        thread.join()
    free()
    assert [type(error) for error in found] == [ConnectionRefusedError] * 2
