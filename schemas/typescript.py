"""JSON Schema definitions as TypeScript types: the part of JSON Schema that msgspec and pydantic use."""

import json
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def render(source: str, definitions: dict[str, Schema]) -> str:
    """One TypeScript module with a type for each of `definitions`, generated from the file `source`."""
    head = f"// Generated from {source} by `python -m schemas.generate`; do not edit.\n"
    return head + "".join(f"\n{_declaration(name, schema)}" for name, schema in definitions.items())


def references(schema: object) -> Iterator[str]:
    """Names of the definitions that `schema` refers to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield _name(schema["$ref"])
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def _declaration(name: str, schema: Schema) -> str:
    comment = _comment(schema.get("description"), indent="")
    if schema.get("type") != "object" or "properties" not in schema:
        return f"{comment}export type {name} = {_type(schema)};\n"
    required = schema.get("required", [])
    fields = [_field(field, sub, required=field in required) for field, sub in schema["properties"].items()]
    return f"{comment}export interface {name} {{\n{''.join(fields)}}}\n"


def _field(name: str, schema: Schema, *, required: bool) -> str:
    mark = "" if required else "?"
    return f"{_comment(schema.get('description'), indent='  ')}  {name}{mark}: {_type(schema)};\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"])
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if "enum" in schema:
        return " | ".join(json.dumps(getattr(value, "value", value), ensure_ascii=False) for value in schema["enum"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(_type(option) for option in schema[union]))
    if "allOf" in schema:
        return " & ".join(_type(part) for part in schema["allOf"])
    return _plain_type(schema)


def _plain_type(schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "array" and "prefixItems" in schema:
        return f"[{', '.join(_type(item) for item in schema['prefixItems'])}]"
    if kind == "array":
        item = _type(schema.get("items", {}))
        return f"({item})[]" if " " in item else f"{item}[]"
    if kind == "object":
        value = schema.get("additionalProperties")
        return f"Record<string, {_type(value) if isinstance(value, dict) else 'unknown'}>"
    if isinstance(kind, list):
        return " | ".join(_SCALARS[name] for name in kind)
    return _SCALARS.get(str(kind), "unknown")


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def _comment(text: str | None, indent: str) -> str:
    if not text:
        return ""
    lines = text.strip().replace("*/", "* /").splitlines()
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line.strip()}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"
