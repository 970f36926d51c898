"""Generates the JSON Schemas and the TypeScript types from `schemas.wire`, `schemas.live` and the models of REST.

`python -m schemas.generate` writes them, `--check` only says whether they are fresh.
"""

import argparse
import ast
import inspect
import json
import sys
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from msgspec import Struct
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from schemas import alerting, clips, figures, ground, imports, live, rest, rules, typescript, wire

ROOT = Path(__file__).parent.parent
SCHEMA_DIR = Path("schemas/generated")
TYPESCRIPT_DIR = Path("web/ui/src/generated")

Schema = dict[str, Any]

_REF = "#/$defs/{name}"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OWNTRACKS: list[type[Struct]] = [wire.OwnTracksLocation, wire.OwnTracksTransition, wire.OwnTracksWill]
_KINDS: dict[str, list[type[Struct]]] = {
    "fix": [wire.Fix],
    "event": [wire.Event],
    "status": [wire.Status],
    "reply": [wire.Reply],
    "cmd": [wire.Command],
    "ack": [wire.Ack],
    "owntracks": _OWNTRACKS,
}


class UndescribedError(Exception):
    """A field of the wire contract has no docstring; write unit, range and meaning of absence below it."""


def generate() -> dict[Path, str]:
    """Every generated file, by its path from the root of the repository."""
    definitions = wire_definitions()
    files = {SCHEMA_DIR / f"{kind}.json": _json_schema(kind, types, definitions) for kind, types in _KINDS.items()}
    files[TYPESCRIPT_DIR / "wire.ts"] = typescript.render("schemas/wire.py", definitions)
    files[TYPESCRIPT_DIR / "live.ts"] = typescript.render("schemas/live.py", struct_definitions(live, _structs(live)))
    files[TYPESCRIPT_DIR / "rest.ts"] = typescript.render("schemas/rest.py", rest_definitions(rest, alerting))
    files[TYPESCRIPT_DIR / "imports.ts"] = typescript.render("schemas/imports.py", rest_definitions(imports))
    files[TYPESCRIPT_DIR / "ground.ts"] = typescript.render("schemas/ground.py", rest_definitions(ground))
    files[TYPESCRIPT_DIR / "figures.ts"] = typescript.render("schemas/figures.py", rest_definitions(figures))
    files[TYPESCRIPT_DIR / "clips.ts"] = typescript.render("schemas/clips.py", rest_definitions(clips))
    files[TYPESCRIPT_DIR / "rules.ts"] = typescript.render("schemas/rules.py", rest_definitions(rules))
    return files


def stale(root: Path = ROOT) -> list[Path]:
    """Generated files below `root` that are missing or differ from what would be written."""
    return [path for path, text in generate().items() if not _is(root / path, text)]


def wire_definitions() -> dict[str, Schema]:
    """JSON Schemas of the payloads by name, as `struct_definitions` gives them."""
    return struct_definitions(wire, [t for t in _structs(wire) if t is not wire.OwnTracks])


def struct_definitions(module: ModuleType, types: list[type[Struct]]) -> dict[str, Schema]:
    """JSON Schemas of structs of a module by name, each field described by the docstring below it.

    Raises:
        UndescribedError: a field has none.
    """
    _, definitions = msgspec.json.schema_components(types, ref_template=_REF)
    docs = field_docs(module)
    for struct in [getattr(module, name) for name, schema in definitions.items() if "properties" in schema]:
        bases = [base.__name__ for base in struct.__mro__]
        for field, field_schema in definitions[struct.__name__]["properties"].items():
            described = next((docs[base, field] for base in bases if (base, field) in docs), None)
            tag = field == struct.__struct_config__.tag_field
            description = "Says what the message is." if tag else described
            if not description:
                field_name = f"{module.__name__}: {struct.__name__}.{field}"
                raise UndescribedError(f"{field_name} has no docstring: say unit, range and meaning of absence")
            field_schema["description"] = description
    return dict(sorted(definitions.items()))


def _structs(module: ModuleType) -> list[type[Struct]]:
    return [t for t in vars(module).values() if isinstance(t, type) and issubclass(t, Struct) and t is not Struct]


def rest_definitions(*modules: ModuleType) -> dict[str, Schema]:
    """JSON Schemas of the models of modules by name, as they are sent."""
    own = [t for module in modules for t in vars(module).values() if isinstance(t, type) and issubclass(t, BaseModel)]
    names = {module.__name__ for module in modules}
    models = dict.fromkeys(t for t in own if t.__module__ in names and t is not rest.Model)
    _, schema = models_json_schema([(model, "serialization") for model in models], ref_template="#/$defs/{model}")
    return dict(sorted(schema["$defs"].items()))


def field_docs(module: ModuleType) -> dict[tuple[str, str], str]:
    """Docstrings of the fields of the classes in `module`, by (class, field)."""
    docs: dict[tuple[str, str], str] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for field, after in zip(node.body, node.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_docstring(after):
                docs[node.name, field.target.id] = inspect.cleandoc(ast.literal_eval(after.value))  # type: ignore[attr-defined]
    return docs


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _json_schema(kind: str, types: list[type[Struct]], definitions: dict[str, Schema]) -> str:
    refs: list[Schema] = [{"$ref": _REF.format(name=t.__name__)} for t in types]
    if kind == "fix":
        array = {"type": "array", "items": refs[0], "minItems": 1, "maxItems": wire.MAX_FIXES_PER_MESSAGE}
        refs = [*refs, array]
    body: Schema = refs[0] if len(refs) == 1 else {"oneOf": refs}
    needed = _needed([t.__name__ for t in types], definitions)
    schema = {"$schema": _DIALECT, "title": f"Payload of {kind}", **body, "$defs": needed}
    return json.dumps(schema, indent=2, ensure_ascii=False, default=_plain) + "\n"


def _needed(names: list[str], definitions: dict[str, Schema]) -> dict[str, Schema]:
    reachable: dict[str, Schema] = {}
    while names:
        name = names.pop()
        if name not in reachable:
            reachable[name] = definitions[name]
            names.extend(typescript.references(definitions[name]))
    return dict(sorted(reachable.items()))


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"a JSON Schema holds a {type(value).__name__}, which JSON cannot say")


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def main(arguments: list[str] | None = None) -> int:
    """Write the generated files, or with --check name the stale ones; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a file is stale")
    if parser.parse_args(arguments).check:
        paths = stale()
        for path in paths:
            sys.stderr.write(f"{path} is stale: run `uv run python -m schemas.generate` and commit it\n")
        return 1 if paths else 0
    for path, text in generate().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
