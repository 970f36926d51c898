"""Fields of messages as a page writes them, from their schemas; and the tables of a page, to compare the two."""

import re
from typing import Any

import msgspec
from pydantic import BaseModel

Schema = dict[str, Any]
Fields = list[tuple[str, str]]
"""Name of each field and how its type is written, in order."""

_REF = "#/$defs/{name}"


def of_struct(struct: type[msgspec.Struct]) -> Fields:
    """Fields of a message; a field that may be absent is marked."""
    (_, definitions) = msgspec.json.schema_components([struct], ref_template=_REF)
    schema = definitions[struct.__name__]
    return _fields(schema, definitions, optional=True)


def of_model(model: type[BaseModel]) -> Fields:
    """Fields of a body; all of them are always there."""
    schema = model.model_json_schema(mode="serialization")
    return _fields(schema, schema.get("$defs", {}), optional=False)


def _fields(schema: Schema, definitions: dict[str, Schema], *, optional: bool) -> Fields:
    required = schema.get("required", [])
    return [
        (name, written(field, definitions) + ("" if name in required or not optional else ", optional"))
        for name, field in schema["properties"].items()
        if name != "type" or ("const" not in field and len(field.get("enum", "12")) != 1)
    ]


def written(schema: Schema, definitions: dict[str, Schema]) -> str:
    """Write a type."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        target = definitions[name]
        return written(target, definitions) if "enum" in target else name
    if "anyOf" in schema:
        return " or ".join(written(option, definitions) for option in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{getattr(value, 'value', value)}`" for value in schema["enum"])
    if schema.get("format") == "date-time":
        return "time"
    if schema.get("type") == "array":
        inner = schema.get("prefixItems") or [schema.get("items", {})]
        return f"[{', '.join(_in_array(one, definitions) for one in inner)}]" + (
            "" if "prefixItems" in schema else " …"
        )
    return str(schema.get("type", "anything"))


def _in_array(schema: Schema, definitions: dict[str, Schema]) -> str:
    """Write an element: which words it may be is said elsewhere."""
    if "enum" not in schema:
        return written(schema, definitions)
    return " or ".join(map(str, schema["enum"])) if isinstance(schema["enum"][0], int) else "word"


def tables(page: str) -> dict[str, list[list[str]]]:
    """Rows of each table of a Markdown page, by the last word in backticks or bold on the line before it."""
    found: dict[str, list[list[str]]] = {}
    name, rows = "", []
    for line in [*page.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])])
            continue
        if rows:
            found[name] = rows[2:]
            rows = []
        marked = re.findall(r"`([^`]+)`|\*\*([^*]+)\*\*", line)
        if marked:
            name = next(part for part in marked[-1] if part)
    return found
