"""Which fields of which answers pass the redaction: all of them but codes, and those are said here by name."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Message, Scope

from alerts.privacy import redaction
from tests.support import web
from tracking.city.names import Names
from web import problems
from web.app import create_app
from web.auth import route_rules
from web.config import WebConfig
from web.http import problem_documents, redacting

NAMES = Names(hidden=frozenset({"hc0005", "陈健静"}))
SAID = "waiting for HC-0005. (陈健静)"
CODES: dict[str, set[str]] = {
    "Alert": {"cell", "key", "kind"},
    "AlertStep": {"step"},
    "Area": {"code", "parent"},
    "Assignment": {"cell"},
    "CellCoverage": {"cell"},
    "Channel": {"account"},
    "ChannelMade": {"account"},
    "Delivery": {"account"},
    "Device": {"id"},
    "DutyRoster": {"account"},
    "Event": {"cell", "id"},
    "GridFault": {"code", "kind"},
    "Media": {"sha256"},
    "Person": {"code"},
    "Place": {"code"},
    "PlanVersion": {"scope"},
    "Position": {"cell"},
    "PushKey": {"key"},
    "RuleKind": {"scopes"},
    "RuleVersion": {"scope"},
    "Stay": {"cell"},
    "Task": {"cell", "id"},
    "Unit": {"code"},
}
"""Fields of text that are left as they are, by model: codes of places and kinds, and names that the query judged."""


def answers() -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Template, media type, schema and all schemas of each answer for people who may not see everybody."""
    config = WebConfig(database_url="postgresql://127.0.0.1:9/none", mqtt_url=web.NOWHERE, static_dir=Path("/none"))
    document = create_app(config).openapi()
    for template, operations in document["paths"].items():
        for method, operation in operations.items():
            rule = route_rules.rule_for(method.upper(), template)
            if rule is None or rule.permission is None or rule.permission in redacting.EXEMPT:
                continue
            for status, answer in operation["responses"].items():
                # Problems say again what was sent; a conflict, which does not, is searched like every other JSON.
                contents = answer.get("content", {}) if status.isdigit() else {}
                for kind in contents.keys() - {problem_documents.MEDIA_TYPE}:
                    content = contents[kind]
                    yield template, kind, content.get("schema", {}), document["components"]["schemas"]


def filled(schema: dict[str, Any], models: dict[str, Any], depth: int = 0) -> Any:
    """A value of a schema with SAID in each text that may say anything."""
    if "$ref" in schema:
        return filled(models[schema["$ref"].rpartition("/")[2]], models, depth + 1) if depth < 9 else None
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return filled(schema[choice][0], models, depth)
    match schema.get("type"):
        case "string":
            return SAID if not schema.keys() & {"enum", "const", "format"} else "open"
        case "array":
            return [filled(schema.get("items", {}), models, depth)]
        case "object":
            made = {name: filled(each, models, depth) for name, each in schema.get("properties", {}).items()}
            return made | ({"any": {"deep": [SAID]}} if schema.get("additionalProperties") else {})
    return {"any": [SAID]} if not schema else 7


def kept(value: Any, key: str = "") -> Iterator[str]:
    """Fields that still hold SAID."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from kept(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from kept(each, key)
    elif value == SAID:
        yield key


def test_every_text_of_every_answer_passes_the_redaction_or_is_named_here() -> None:
    """A new field that may say anything is cleaned by itself; one that is left as it is must be added above."""
    seen = 0
    models = next(answers())[3]
    for name in {part for _, _, schema, _ in answers() for part in reached(schema, models)}:
        seen += 1
        still = set(kept(redaction.clean(filled(models[name], models), NAMES)))
        said = set().union(*(CODES.get(part, set()) for part in {name, *reached(models[name], models)}))
        assert still - {"next"} <= said, name
    assert seen > 40


def reached(schema: Any, models: dict[str, Any]) -> set[str]:
    """Names of the models that a schema is made of."""
    found: set[str] = set()
    todo = [schema]
    while todo:
        each = todo.pop()
        if isinstance(each, dict):
            name = str(each.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                todo.append(models[name])
            todo += each.values()
        elif isinstance(each, list):
            todo += each
    return found


def test_what_is_no_json_is_named_with_what_it_holds() -> None:
    """A route that answers with a file of another kind says in `web/http/redacting.py` what may be read in it."""
    searched = {"application/json", "application/geo+json", "application/x-ndjson"}
    assert {template for template, kind, _, _ in answers() if kind not in searched} == set(redacting.PLAIN)


async def left(answer: Response) -> tuple[dict[str, str], list[bytes]]:
    """Headers and pieces of an answer behind the door."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    await answer(scope, receive, redacting.OutgoingAnswer(NAMES, send).take)
    return dict(Headers(raw=sent[0]["headers"])), [each["body"] for each in sent[1:]]


async def test_json_leaves_whole_with_its_new_length_and_the_same_bytes_where_nothing_is_taken_out() -> None:
    """Names go from texts and from conflicts; other problems say again what was asked for."""
    headers, (body,) = await left(JSONResponse({"text": SAID, "n": 1.5}))
    assert json.loads(body) == {"text": "waiting for –. (–)", "n": 1.5}
    assert headers["content-length"] == str(len(body))
    clear = b'{ "text":"nothing" }'
    assert await left(Response(clear, media_type="application/json")) == (
        {"content-length": "20", "content-type": "application/json"}, [clear],
    )  # fmt: skip
    conflict = problem_documents.response(problems.ProblemError(409, "The alert is acknowledged already (by hc0005)."))
    assert b"hc0005" not in (await left(conflict))[1][0]
    asked = problem_documents.response(problems.not_found("Device hc0005"))
    assert b"Device hc0005" in (await left(asked))[1][0]


async def test_lines_leave_one_by_one_however_they_come() -> None:
    """A line that comes in pieces is held until it is whole; the others are not."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"text":"hc', b'0005"}\n{"n":1}\n{"te', b'xt":"x hc0005."}\n', b'{"t":2}'):
            yield piece

    _, sent = await left(StreamingResponse(pieces(), media_type="application/x-ndjson"))
    assert sent[0] == b""
    assert b"".join(sent).decode() == '{"text":"–"}\n{"n":1}\n{"text":"x –."}\n{"t":2}\n'
