"""The generated JSON Schemas and TypeScript types are those of the contract as it stands."""

import json
from pathlib import Path

import msgspec
import pytest

from schemas import generate, wire


def test_generated_files_are_fresh() -> None:
    """What is committed is what `python -m schemas.generate` writes."""
    assert generate.stale() == []


def test_stale_names_a_file_when_it_differs(tmp_path: Path) -> None:
    """An edited and a missing file are both named."""
    files = generate.generate()
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    edited, missing, *_ = files
    (tmp_path / edited).write_text("{}")
    (tmp_path / missing).unlink()
    assert generate.stale(tmp_path) == [edited, missing]


def test_field_without_docstring_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field nobody described does not reach the makers of devices."""

    class Undescribed(msgspec.Struct):
        """A payload somebody added in a hurry."""

        speed: float

    monkeypatch.setattr(wire, "Undescribed", Undescribed, raising=False)
    with pytest.raises(generate.UndescribedError, match=r"Undescribed\.speed"):
        generate.generate()


def test_fix_schema_allows_one_object_or_an_array() -> None:
    """The schema of a fix says both shapes, and the range and unit of a field."""
    schema = json.loads(generate.generate()[generate.SCHEMA_DIR / "fix.json"])
    assert [option.get("type", "object") for option in schema["oneOf"]] == ["object", "array"]
    latitude = schema["$defs"]["Fix"]["properties"]["lat"]
    assert (latitude["minimum"], latitude["maximum"]) == (-90, 90)
    assert "Degrees north" in latitude["description"]
