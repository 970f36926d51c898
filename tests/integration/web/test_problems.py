"""What the REST surface answers to what is wrong."""

import json

import pytest

from tests.support import web

WRONG: tuple[tuple[str, int], ...] = (
    ("/api/v1/alerts/99999999999999999999999", 422),
    ("/api/v1/alerts/9223372036854775807", 404),
    ("/api/v1/alerts/x", 422),
    ("/api/v1/devices/a%00b", 422),
    ("/api/v1/devices/%ff%fe", 422),
    ("/api/v1/devices?unit=%00", 422),
    ("/api/v1/devices?limit=0", 422),
    ("/api/v1/devices?limit=1001", 422),
    ("/api/v1/devices?limit=99999999999999999999999999", 422),
    ("/api/v1/devices?cursor=%00", 422),
    ("/api/v1/devices?cursor=IlwwIg", 422),
    ("/api/v1/devices?cursor=IlwwMDAwIg", 422),
    ("/api/v1/devices?cursor=IlxkODAwIg", 422),
    ("/api/v1/refusals?cursor=OTIyMzM3MjAzNjg1NDc3NTgwOA", 422),
    ("/api/v1/refusals?cursor=LTE", 422),
    ("/api/v1/visits?cursor=WzAsMV0", 422),
    ("/api/v1/visits?cursor=WzE3ODAwMDAwMDAwMDAsOTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ", 422),
    ("/api/v1/visits?cell=1%00", 422),
    ("/api/v1/visits?kind=nap", 422),
    ("/api/v1/visits?from=yesterday", 422),
    ("/api/v1/visits?from=2026-05-01T00:00:00", 422),
    ("/api/v1/visits?from=0001-01-01T00:00:00%2B14:00", 422),
    ("/api/v1/visits?from=2026-05-02T00:00:00Z&to=2026-05-01T00:00:00Z", 422),
    ("/api/v1/events?type=%00", 422),
    ("/api/v1/events?cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwiYSJd", 422),
    ("/api/v1/events/01hzzz", 422),
    ("/api/v1/coverage?level=planet", 422),
    ("/api/v1/coverage?at=2099-01-01T00:00:00Z", 422),
    ("/api/v1/coverage?cursor=LTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ", 200),
    ("/api/v1/devices/cam-1/track?simplify=nan", 422),
    ("/api/v1/devices/cam-1/track?simplify=inf", 422),
    ("/api/v1/devices/cam-1/track?simplify=-1", 422),
    ("/api/v1/devices/cam-1/track?format=exe", 422),
    ("/api/v1/nothing", 404),
    ("/assets/%2e%2e/%2e%2e/etc/passwd", 404),
    ("/assets/a%00b", 404),
)


async def test_wrong_parameters_are_problems_and_never_faults(server: web.WebServer) -> None:
    """Huge numbers, NUL bytes, foreign cursors, impossible times: a problem document that says which is wrong."""
    async with server.client() as client:
        for path, status in WRONG:
            answer = await client.get(path)
            assert answer.status_code == status, f"{path}: {answer.text}"
            if status != 200:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["detail"]


@pytest.mark.parametrize("body", [b"{", b'{"name": 1, "password": "x"}', b"[]", b"\xff", b'{"name": "a"}'])
async def test_wrong_bodies_are_problems(server: web.WebServer, body: bytes) -> None:
    """A body that is no sign-in is told so, without repeating what was sent."""
    async with server.client(token=None) as client:
        answer = await client.post("/api/v1/session", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)
        assert answer.headers["content-type"] == "application/problem+json"
        assert (await client.post("/login", content=b"x" * 20_000)).status_code == 413


async def test_openapi_documents_every_error_as_a_problem_and_docs_loads_nothing(server: web.WebServer) -> None:
    """Each operation names the problem document; /docs has no script and no address elsewhere."""
    async with server.client() as client:
        document = (await client.get("/openapi.json")).json()
        for path, item in document["paths"].items():
            for operation in item.values():
                assert "application/problem+json" in json.dumps(operation["responses"]["default"]), path
        page = (await client.get("/docs")).text
        assert "/api/v1/devices/{name}/track" in page
        assert "<script" not in page
        assert "http" not in page.replace("HTTP", "")
