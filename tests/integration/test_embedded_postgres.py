"""The embedded PostgreSQL: made, started again, after a crash, and closed to those without its password."""

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from patrol.cli import errors
from patrol.services import access, postgres
from patrol.services.postgres import EmbeddedPostgres
from tests.support.missing import needs_root


@pytest.fixture
def server(own_folder: Callable[[], Path]) -> Iterator[EmbeddedPostgres]:
    """A server of this test alone, deep in folders that only their owner may enter."""
    private = own_folder() / "private"
    folder = private / "deep"
    folder.mkdir(parents=True)
    private.chmod(0o700)
    made = EmbeddedPostgres(folder / "postgres")
    yield made
    made.stop()


async def test_start_again_keeps_data_port_and_password(server: EmbeddedPostgres) -> None:
    """A second start on the same folder is the same database at the same address."""
    await server.start()
    await _execute(server.url, "CREATE TABLE kept ()")
    url = server.url
    server.stop()
    await server.start()
    assert server.url == url
    await _execute(url, "SELECT FROM kept")


async def test_start_after_kill_9_recovers(server: EmbeddedPostgres) -> None:
    """A crash leaves a lock file; the next start sees that nobody holds it, and what was committed is there."""
    await server.start()
    await _execute(server.url, "CREATE TABLE kept ()")
    server.process.kill()
    server.process.wait()
    lock = server.folder / "data" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]))  # the number belongs to another process by now
    await server.start()
    await _execute(server.url, "SELECT FROM kept")


async def test_start_beside_a_running_server_says_so(server: EmbeddedPostgres) -> None:
    """Two servers on one folder would destroy it: the second start is refused in words."""
    await server.start()
    with pytest.raises(errors.SetupError, match=r"already running .*--data-dir"):
        await EmbeddedPostgres(server.folder).start()


async def test_start_with_its_port_taken_moves_to_another(server: EmbeddedPostgres) -> None:
    """The recorded port may have gone to another program meanwhile."""
    await server.start()
    address = postgres.recorded(server.folder)
    assert address is not None
    server.stop()
    with socket.create_server(("127.0.0.1", address.port)):
        await server.start()
        moved = postgres.recorded(server.folder)
        assert moved is not None
        assert moved.port != address.port
        await _execute(server.url, "SELECT 1")


async def test_nobody_comes_in_without_the_password(server: EmbeddedPostgres) -> None:
    """The password is needed on loopback too, and the file that holds it is its owner's alone."""
    await server.start()
    address = postgres.recorded(server.folder)
    assert address is not None
    for url in (address.url().replace(address.password, "wrong"), address.url().replace(f":{address.password}", "")):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(url)
    assert stat.S_IMODE((server.folder / "address.json").stat().st_mode) == 0o600
    assert not (server.folder / "data").stat().st_mode & 0o077


@needs_root
async def test_start_as_root_opens_folders_to_the_database_user_only(server: EmbeddedPostgres) -> None:
    """A private folder above the data is passed through by the database's user, and by no other."""
    await server.start()
    private = server.folder.parent.parent
    assert not private.stat().st_mode & 0o007
    entries = access._read(private)
    assert [(tag, bits) for tag, bits, _ in entries if tag in (access._GROUP, access._OTHER)] == [
        (access._GROUP, 0),
        (access._OTHER, 0),
    ]
    assert [bits for tag, bits, _ in entries if tag == access._USER] == [1]


async def test_start_with_a_lost_address_says_so(server: EmbeddedPostgres) -> None:
    """Without the file that holds the password the data cannot be opened; the text names file and remedy."""
    await server.start()
    server.stop()
    (server.folder / "address.json").unlink()
    with pytest.raises(errors.SetupError, match=r"address\.json is missing"):
        await server.start()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
