"""/docs: the operations of the OpenAPI document as one page, rendered on the server without external resources."""

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)

STYLE = """
body{font:15px/1.55 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1.25rem;color:#12263f}
h1{font-size:1.5rem}h2{margin-top:2.5rem;font-size:1.1rem;border-bottom:1px solid #d5deea;padding-bottom:.3rem}
h3{font:600 .95rem ui-monospace,monospace;margin:1.6rem 0 .3rem}b{color:#1c6fb0}
table{border-collapse:collapse;width:100%;margin:.4rem 0}td{border-top:1px solid #e4eaf2;padding:.25rem .6rem .25rem 0;
vertical-align:top}td:first-child{font-family:ui-monospace,monospace;white-space:nowrap}
p{margin:.2rem 0}code{font-family:ui-monospace,monospace}.m{color:#5d7390}
"""
_HEAD = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>patrolgrid API</title>
<style>{STYLE}</style></head><body><h1>patrolgrid API</h1>
<p>Machine-readable: <a href="/openapi.json">/openapi.json</a>. Sign in, or send
<code>Authorization: Bearer TOKEN</code>. Errors are <code>application/problem+json</code> (RFC 9457).
Lists are <code>{{"items": […], "next": cursor}}</code>. Times are RFC 3339 UTC.
The live websocket is <code>/api/v1/live</code>; docs/live-protocol.md specifies it.</p>"""


@router.get("/docs")
async def docs(request: Request) -> Response:
    """All operations on one page."""
    return HTMLResponse(page(request.app.openapi()))


def page(document: dict[str, Any]) -> str:
    """Render an OpenAPI document as HTML."""
    by_tag: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            tag = operation.get("tags", ["other"])[0]
            by_tag.setdefault(tag, []).append(_operation(method, path, operation))
    parts = [f"<h2>{escape(tag)}</h2>{''.join(operations)}" for tag, operations in by_tag.items()]
    schemas = [_schema(name, schema) for name, schema in document.get("components", {}).get("schemas", {}).items()]
    return f"{_HEAD}{''.join(parts)}<h2>models</h2>{''.join(schemas)}</body></html>"


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(_parameter(parameter) for parameter in operation.get("parameters", []))
    gives = [
        f"<p class=m>gives {escape(media)}: {_type(content.get('schema', {}))}</p>"
        for media, content in operation["responses"].get("200", {}).get("content", {}).items()
    ]
    text = escape(operation.get("description", operation.get("summary", "")))
    return (
        f"<h3><b>{escape(method.upper())}</b> {escape(path)}</h3><p>{text}</p>"
        f"{f'<table>{rows}</table>' if rows else ''}{''.join(gives)}"
    )


def _parameter(parameter: dict[str, Any]) -> str:
    needed = ", required" if parameter.get("required") else ""
    kind = _type(parameter.get("schema", {}))
    text = escape(parameter.get("description", ""))
    where = f"<td>{escape(parameter['name'])}</td><td class=m>{parameter['in']}{needed}</td>"
    return f"<tr>{where}<td>{kind}</td><td>{text}</td></tr>"


def _schema(name: str, schema: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{escape(field)}</td><td>{_type(kind)}</td><td>{escape(kind.get('description', ''))}</td></tr>"
        for field, kind in schema.get("properties", {}).items()
    )
    text = escape(schema.get("description", ""))
    return f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{text}</p><table>{rows}</table>'


def _type(schema: dict[str, Any]) -> str:
    """Describe a JSON schema in a few words, without null, which the descriptions explain."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type(option) for option in schema["anyOf"] if option.get("type") != "null")
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))} …]"
    bounds = [f"{sign} {schema[key]}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in schema]
    return " ".join([escape(schema.get("format") or schema.get("type") or "any"), *bounds])
