"""Photographs and recordings of events: who may send which file, what is taken, and who sees it."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from runtime import db
from schemas import wire
from tests.integration.web import matrix_city, matrix_street
from tests.integration.web.matrix_street import NOW, Street
from tests.support import web
from tests.support.waiting import until
from tracking.city import device_grant
from tracking.store.tracks import device_access, event_store, media_files
from web.auth.store import tokens

if TYPE_CHECKING:
    from runtime.db import Connection

KEY = "k" * 64
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
PICTURE = JPEG + b"a stall on the pavement" * 50_000
"""A little more than what is written at once."""


@dataclass(frozen=True)
class Site:
    """A server with a folder for media, and the two streets."""

    server: web.WebServer
    folder: Path
    mine: Street
    other: Street

    def device(self, name: str) -> httpx2.AsyncClient:
        """A device that shows its own password."""
        client = self.server.client(token=None)
        client.auth = httpx2.BasicAuth(name, device_grant.password(KEY, name, 1))
        return client

    async def person(self, role: str, street: Street | None) -> httpx2.AsyncClient:
        """Somebody of a street, or of the whole city."""
        pool = self.server.hub.database.pool
        areas = None if street is None else (street.code,)
        return self.server.client(token=await tokens.create_token(pool, role, role, None, areas=areas))


@pytest.fixture
async def site(database_url: str, conn: "Connection", tmp_path: Path) -> AsyncIterator[Site]:
    """The server, reached and with its devices' passwords made."""
    mine, other = matrix_street.streets()
    await matrix_city.build(conn, mine, other)
    await conn.execute("UPDATE devices SET key_generation = 1")
    async with web.serving(database_url, device_key=KEY, media_dir=tmp_path, media_most_bytes=4 << 20) as server:

        async def reached() -> bool:
            async with server.client() as client:
                return (await client.get("/api/v1/devices")).status_code == 200

        await until(reached, "the web process reaches its database")
        yield Site(server, tmp_path, mine, other)


def address(data: bytes) -> str:
    """Where a file is sent to and seen."""
    return f"/api/v1/media/{hashlib.sha256(data).hexdigest()}"


async def announce(
    conn: "Connection", street: Street, n: int, data: bytes, *, mime: str = "image/jpeg", size: int | None = None,
    case: str | None = None,
) -> str:  # fmt: skip
    """Store an event of the street's first device that names the file; returns its id."""
    key = f"{street.event[:-3]}M{n:02}"
    media = wire.Media(sha256=hashlib.sha256(data).hexdigest(), mime=mime, bytes=len(data) if size is None else size)
    said = wire.Event(id=key, t=db.millis(NOW), lat=street.lat, lon=street.lon, type="05.01", media=[media], case=case)
    made = event_store.StoredEvent(
        device=street.ids["device"], received=db.millis(NOW), content=said, lat=street.lat, lon=street.lon,
        cell=street.ids["cell"],
    )  # fmt: skip
    await event_store.insert(conn, [made])
    return key


def kept(folder: Path) -> list[str]:
    """Hashes of all files that lie in the folder, and whatever else does."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def test_device_sends_and_its_street_sees(site: Site, conn: "Connection") -> None:
    """Stored once under its hash, whole, seen by the street with no way to run anything, and every look recorded."""
    key = await announce(conn, site.mine, 1, PICTURE)
    async with site.device("hazel-cam-1") as camera:
        answers = [await camera.put(address(PICTURE), content=PICTURE) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json() == {
            "sha256": hashlib.sha256(PICTURE).hexdigest(), "mime": "image/jpeg", "bytes": len(PICTURE),
        }  # fmt: skip
        assert (await camera.get(address(PICTURE))).status_code == 403
        assert (await camera.get("/api/v1/devices")).status_code == 403
    assert kept(site.folder) == [hashlib.sha256(PICTURE).hexdigest()]
    async with await site.person("supervisor", site.mine) as boss:
        seen = await boss.get(address(PICTURE))
        assert (seen.status_code, seen.content, seen.headers["content-type"]) == (200, PICTURE, "image/jpeg")
        assert seen.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert seen.headers["cache-control"] == "private, no-store"
        assert seen.headers["x-content-type-options"] == "nosniff"
        part = await boss.get(address(PICTURE), headers={"Range": "bytes=0-9"})
        assert (part.status_code, part.content) == (206, PICTURE[:10])
    async with await site.person("supervisor", site.other) as stranger:
        assert (await stranger.get(address(PICTURE))).status_code == 404
    async with await site.person("analyst", None) as analyst:
        assert (await analyst.get(address(PICTURE))).status_code == 403
    rows = await conn.fetch(
        "SELECT actor, action, object, detail FROM audit WHERE object = $1 ORDER BY n", address(PICTURE)
    )
    assert [(row["actor"], row["action"]) for row in rows] == [
        ("hazel-cam-1", "media.store"), ("hazel-cam-1", "media.store"), ("hazel-cam-1", "look.refused"),
        ("supervisor", "look"), ("supervisor", "look"), ("supervisor", "look.refused"), ("analyst", "look.refused"),
    ]  # fmt: skip
    assert [json.loads(row["detail"])[name] for row in rows[3:4] for name in ("event", "devices")] == [
        key, ["hazel-cam-1"],
    ]  # fmt: skip


async def test_file_is_taken_only_for_an_event_that_names_it(site: Site, conn: "Connection") -> None:
    """Not without an event, not by another device or street, and to know a hash opens nothing."""
    async with site.device("hazel-cam-1") as camera:
        early = await camera.put(address(PICTURE), content=PICTURE)
        assert (early.status_code, early.headers["retry-after"]) == (404, "5")
        await announce(conn, site.mine, 1, PICTURE)
        async with site.device("quart-cam-1") as thief, await site.person("supervisor", site.other) as stranger:
            for other in (thief, stranger):
                answer = await other.put(address(PICTURE), content=PICTURE)
                assert (answer.status_code, answer.text) == (404, early.text)
            assert (await camera.put(address(PICTURE), content=PICTURE)).status_code == 201
            # Another street's device names the hash without having the file: its street sees nothing of it.
            await announce(conn, site.other, 1, PICTURE)
            assert (await thief.put(address(PICTURE), content=PICTURE[:-1] + b"!")).status_code == 422
            assert (await stranger.get(address(PICTURE))).status_code == 404
            assert (await thief.put(address(PICTURE), content=PICTURE)).status_code == 201
            assert (await stranger.get(address(PICTURE))).status_code == 200
        # What a device sent once counts for its next event too, without the bytes.
        await announce(conn, site.mine, 2, PICTURE)
        assert (await camera.put(address(PICTURE), content=b"")).status_code == 200
    assert await conn.fetchval("SELECT count(*) FROM media_of_events") == 3


WRONG: dict[str, tuple[bytes, dict[str, Any], bytes | None, int]] = {
    "other bytes": (JPEG + b"x" * 100, {}, JPEG + b"y" * 100, 422),
    "too short": (JPEG + b"x" * 100, {}, JPEG, 422),
    "too long": (JPEG + b"x" * 100, {}, JPEG + b"x" * 101, 422),
    "no photograph": (b"<html><script>alert(1)</script>", {}, None, 415),
    "a drawing with a script": (b"<svg onload='alert(1)'/>", {"mime": "image/svg+xml"}, None, 415),
    "another kind": (JPEG, {"mime": "video/mp4"}, None, 415),
    "too large": (JPEG, {"size": 5 << 20}, JPEG + bytes((5 << 20) - len(JPEG)), 413),
    "empty": (b"", {}, None, 415),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("streamed", [False, True])
async def test_file_that_is_not_what_was_announced_is_refused(
    site: Site, conn: "Connection", what: str, *, streamed: bool
) -> None:
    """Hash, size and kind, with and without a length said beforehand; nothing of it is kept."""
    announced, how, sent, status = WRONG[what]
    await announce(conn, site.mine, 1, announced, **how)
    body = announced if sent is None else sent

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    async with site.device("hazel-cam-1") as camera:
        answer = await camera.put(address(announced), content=pieces() if streamed else body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert kept(site.folder) == []
    assert await conn.fetchval("SELECT count(*) FROM media") == 0


async def test_sender_that_goes_away_leaves_nothing(site: Site, conn: "Connection") -> None:
    """Half a file is forgotten, and the whole is taken when it comes again."""
    await announce(conn, site.mine, 1, PICTURE)

    async def half() -> AsyncIterator[bytes]:
        yield PICTURE[: len(PICTURE) // 2]
        raise ConnectionResetError

    async with site.device("hazel-cam-1") as camera:
        with pytest.raises(ConnectionResetError):
            await camera.put(address(PICTURE), content=half())

        async def forgotten() -> bool:
            return kept(site.folder) == []

        await until(forgotten, "the half is forgotten")
        assert (await camera.put(address(PICTURE), content=PICTURE)).status_code == 201


async def test_disk_that_is_nearly_full_takes_no_file(
    site: Site, conn: "Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database lives on it, too."""
    await announce(conn, site.mine, 1, JPEG)
    monkeypatch.setattr(media_files, "LEAST_FREE_BYTES", 1 << 60)
    async with site.device("hazel-cam-1") as camera:
        assert (await camera.put(address(JPEG), content=JPEG)).status_code == 507
    assert kept(site.folder) == []


async def test_device_shows_the_password_that_holds_now(site: Site, conn: "Connection") -> None:
    """Wrong, renewed, revoked, unreadable: 401, as for anybody."""
    await announce(conn, site.mine, 1, JPEG)
    first = device_grant.password(KEY, "hazel-cam-1", 1)

    async def status(shown: str) -> int:
        async with site.server.client(token=None) as client:
            answer = await client.put(address(JPEG), content=JPEG, headers={"Authorization": f"Basic {shown}"})
            return answer.status_code

    def basic(name: str, password: str) -> str:
        return base64.b64encode(f"{name}:{password}".encode()).decode()

    for shown in ("=", "%", "AAAA", basic("hazel-cam-1", "x"), basic("nobody", first), basic("hazel-cam-1\0", first)):
        assert await status(shown) == 401, shown
    assert await status(basic("hazel-cam-1", first)) == 201
    await device_access.revoke(conn, "hazel-cam-1")
    assert await status(basic("hazel-cam-1", first)) == 401
    await device_access.restore(conn, "hazel-cam-1")
    await device_access.renew(conn, "hazel-cam-1")
    assert await status(basic("hazel-cam-1", first)) == 401


async def test_docking_station_sends_with_a_token_of_that_scope_alone(site: Site, conn: "Connection") -> None:
    """It may send for the events of its street, and see nothing."""
    await announce(conn, site.mine, 1, JPEG)
    pool = site.server.hub.database.pool
    token = await tokens.create_token(pool, "dock", "supervisor", None, areas=(site.mine.code,), scopes=("media_send",))
    async with site.server.client(token=token) as dock:
        assert (await dock.put(address(JPEG), content=JPEG)).status_code == 201
        assert (await dock.get(address(JPEG))).status_code == 403
        assert (await dock.get("/api/v1/events")).status_code == 403
