"""Locked dependencies against a folder of OSV records (https://ossf.github.io/osv-schema), without a network."""

import json
import re
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parents[2]
PYPI, NPM = "PyPI", "npm"
_SEMVER = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")
_NAME = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True, order=True)
class Locked:
    """A dependency in the version that is installed."""

    ecosystem: str
    name: str
    version: str


def locked() -> set[Locked]:
    """Everything that uv.lock and package-lock.json name, tools of development included."""
    uv = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    npm = json.loads((ROOT / "web/ui/package-lock.json").read_text())["packages"]
    python = {Locked(PYPI, _plain(one["name"]), one["version"]) for one in uv if "registry" in one["source"]}
    return python | {
        Locked(NPM, one.get("name") or path.rpartition("node_modules/")[2], one["version"])
        for path, one in npm.items()
        if path.startswith("node_modules/")
    }


def records(database: Path) -> Iterator[dict[str, Any]]:
    """Records of a folder: *.json, and *.zip as OSV publishes one for each ecosystem; withdrawn ones are left out."""
    for path in sorted(database.rglob("*.json")):
        yield from _standing(path.read_bytes())
    for path in sorted(database.rglob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield from _standing(archive.read(name))


def findings(known: set[Locked], found: Iterator[dict[str, Any]]) -> list[str]:
    """Dependencies with a known weakness, one line each."""
    by_name: dict[tuple[str, str], list[Locked]] = {}
    for one in known:
        by_name.setdefault((one.ecosystem, one.name), []).append(one)
    return sorted(
        f"{one.name} {one.version}: {record['id']} {record.get('summary', '')}".strip()
        for record in found
        for affected in record.get("affected", [])
        for one in by_name.get(_package(affected), [])
        if _is_affected(one, affected)
    )


def _standing(raw: bytes) -> Iterator[dict[str, Any]]:
    record = json.loads(raw)
    if "id" in record and "withdrawn" not in record:
        yield record


def _package(affected: dict[str, Any]) -> tuple[str, str]:
    package = affected.get("package", {})
    ecosystem, name = package.get("ecosystem", ""), package.get("name", "")
    return ecosystem, _plain(name) if ecosystem == PYPI else name


def _is_affected(one: Locked, affected: dict[str, Any]) -> bool:
    """As the schema says: named among the versions, or within a range."""
    if one.version in affected.get("versions", []):
        return True
    ranges = (each for each in affected.get("ranges", []) if each.get("type") in ("ECOSYSTEM", "SEMVER"))
    return any(_within(one, each["events"]) for each in ranges)


def _within(one: Locked, events: list[dict[str, str]]) -> bool:
    version, inside = _key(one.ecosystem, one.version), False
    for event in sorted(events, key=lambda event: _key(one.ecosystem, next(iter(event.values())))):
        (what, text), *_ = event.items()
        at = _key(one.ecosystem, text)
        if what == "introduced" and version >= at:
            inside = True
        elif (what == "fixed" and version >= at) or (what == "last_affected" and version > at):
            inside = False
    return inside


def _key(ecosystem: str, text: str) -> Any:
    """What versions are compared by; "0" is before every version, and what cannot be read is after all."""
    if ecosystem == PYPI:
        try:
            return (1, Version(text))
        except InvalidVersion:
            return (2, Version("0"))
    return _semver(text)


def _semver(text: str) -> tuple[int, tuple[int, ...], tuple[tuple[int, int, str], ...]]:
    found = _SEMVER.fullmatch(text)
    if found is None:
        return (2, (), ())
    numbers = tuple(int(part or 0) for part in found.group(1, 2, 3))
    if found[4] is None:
        return (1, numbers, ((2, 0, ""),))  # a release comes after all that lead to it
    parts = ((0, int(part), "") if part.isdigit() else (1, 0, part) for part in found[4].split("."))
    return (1, numbers, tuple(parts))


def _plain(name: str) -> str:
    return _NAME.sub("-", name).lower()
