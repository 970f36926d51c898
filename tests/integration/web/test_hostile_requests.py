"""Hostile requests on every route, as somebody who may do everything and as somebody limited: never a fault of ours."""

import json
import os
from collections.abc import Iterator
from typing import Any, TypeVar

import httpx2
import pytest

from tests.integration.web import matrix_requests
from tests.integration.web.test_matrix import ROUTES, City, city, filled, path_to
from web.auth.access import Role

__all__ = ["city"]

T = TypeVar("T")
EVERYTHING = bool(os.environ.get("PATROL_API_EXAMPLES"))
"""Set where the tests may take long."""
PARTS_OF = 8
DEEP = 40_000
TEXTS = ["\ud800", "a\0b", "\u202e\u2066", "x" * 3_000, "' OR 1=1 --", "%s{0}${x}", "../../etc/passwd", "\r\nX-Evil: 1",
         "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "１２", "9" * 400, "-1", "NaN", "1e999"]  # fmt: skip
BODIES = [
    b"", b"null", b"[]", b"{", b"\xff\xfe", b"0" * 5_000, b"9" * 5_000, b"1e999", b'"x"', b"[" * DEEP,
    b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":1,"a":2}', b"\xef\xbb\xbf{}",
]  # fmt: skip
QUERIES = [
    "limit=1&limit=2", "limit=-1", "limit=9" + "9" * 30, "limit=%00", "cursor=%00", "cursor=" + "A" * 5_000,
    "cursor=bnVsbA", "cursor=W10", "cursor=WyJcdWQ4MDAiLDFd", "from=9999-12-31T23:59:59Z&to=0001-01-01T00:00:00Z",
    "from=2026-01-01T00:00:00%2B99:99", "at=1e999", "device=a&device=b", "device=%ED%A0%80", "device=%00",
    "type=%0d%0a",
    "level=cell&level=district", "purpose=%0d%0aX-Evil:1", "purpose=%E2%80%AE", "format=csv&format=gpx", "%00=1",
    "a[]=1&a[x]=2", "&&&=&=", "known=now&known=then", "account=%ED%A0%80", "badge=%00", "lang=%0d%0aSet-Cookie:x=1",
    "next=//evil.example", "next=%0d%0aLocation:x",
]  # fmt: skip
PARTS = [
    "%00",
    "%ED%A0%80",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "-1",
    "9" * 40,
    "１２",
    "%0d%0aX-Evil:%201",
    "a" * 3_000,
]


def changed(body: Any, text: str) -> Iterator[Any]:
    """The body with one of its texts replaced, each in turn."""
    if isinstance(body, dict):
        for name, value in body.items():
            if isinstance(value, str):
                yield {**body, name: text}
            for other in changed(value, text):
                yield {**body, name: other}
    elif isinstance(body, list):
        for at, value in enumerate(body):
            for other in changed(value, text):
                yield [*body[:at], other, *body[at + 1 :]]


def taken(hostile: list[T], n: int) -> list[T]:
    """A part of them, another for each route: all of them for all routes take minutes."""
    return hostile if EVERYTHING else hostile[n % PARTS_OF :: PARTS_OF]


def requests(city: City) -> Iterator[tuple[str, str, bytes | None]]:
    """Method, address and body of each."""
    for n, (method, template) in enumerate(ROUTES):
        path = path_to(template, city.mine)
        if method in ("POST", "PUT", "PATCH"):
            yield from ((method, path, body) for body in taken(BODIES, n))
            body = json.loads(filled(json.dumps(matrix_requests.BODIES.get(template, {})), city.mine))
            for text in taken(TEXTS, n):
                yield from ((method, path, json.dumps(each).encode()) for each in changed(body, text))
        else:
            yield from ((method, f"{path}?{query}", None) for query in taken(QUERIES, n))
        if "{" in template:
            head, _, tail = template.partition("{")
            rest = tail.partition("}")[2]
            yield from ((method, f"{head}{part}{rest}", b"{}" if method != "GET" else None) for part in taken(PARTS, n))


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SUPERVISOR])
async def test_no_request_is_a_fault(city: City, role: Role) -> None:
    """Whatever is sent is answered or refused, and nothing of it becomes a header or a place elsewhere."""
    area = "city" if role is Role.ADMINISTRATOR else "street"
    wrong: list[str] = []
    asked = 0
    async with city.server.client(token=city.tokens[role, area]) as client:
        for method, path, body in requests(city):
            try:
                answer = await client.request(method, path, content=body, headers={"Content-Type": "application/json"})
            except httpx2.InvalidURL:
                continue
            asked += 1
            said = f"{method} {path[:120]} {(body or b'')[:80]!r}: {answer.status_code} {answer.text[:200]}"
            if answer.status_code == 500:
                wrong.append(said)
            if "x-evil" in answer.headers or "evil.example" in answer.headers.get("location", ""):
                wrong.append(f"header: {said}")
    assert not wrong, "\n".join(wrong)
    assert asked > 150
