"""No dependency has a known weakness, as far as a list of them is at hand (docs/security.md says how to get one)."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support import advisories
from tests.support.advisories import NPM, PYPI, Locked
from tests.support.missing import OPTIONAL

DATABASE = os.environ.get("PATROL_ADVISORIES")


def record(ecosystem: str, name: str, *events: dict[str, str], **more: Any) -> dict[str, Any]:
    """An OSV record about one range of versions."""
    ranges = [{"type": "ECOSYSTEM" if ecosystem == PYPI else "SEMVER", "events": list(events)}] if events else []
    return {"id": "X-1", "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, **more}]}


CASES = [
    (PYPI, "1.5", ({"introduced": "0"}, {"fixed": "1.6"}), True),
    (PYPI, "1.6", ({"introduced": "0"}, {"fixed": "1.6"}), False),
    (PYPI, "1.6rc1", ({"introduced": "0"}, {"fixed": "1.6"}), True),
    (PYPI, "1.10", ({"introduced": "1.9"}, {"fixed": "1.11"}), True),
    (PYPI, "2.0", ({"introduced": "0"}, {"fixed": "1.6"}, {"introduced": "2.0"}), True),
    (PYPI, "1.7", ({"introduced": "2.0"}, {"introduced": "0"}, {"fixed": "1.6"}), False),
    (PYPI, "1.5", ({"introduced": "1.0"}, {"last_affected": "1.5"}), True),
    (PYPI, "1.5.1", ({"introduced": "1.0"}, {"last_affected": "1.5"}), False),
    (NPM, "4.17.20", ({"introduced": "0"}, {"fixed": "4.17.21"}), True),
    (NPM, "4.17.21", ({"introduced": "0"}, {"fixed": "4.17.21"}), False),
    (NPM, "4.17.21-rc.2", ({"introduced": "0"}, {"fixed": "4.17.21"}), True),
    (NPM, "4.17.21-rc.10", ({"introduced": "4.17.21-rc.9"}, {"fixed": "4.17.21"}), True),
]


@pytest.mark.parametrize(("ecosystem", "version", "events", "affected"), CASES)
def test_version_is_compared_as_its_ecosystem_does(
    ecosystem: str, version: str, events: tuple[dict[str, str], ...], *, affected: bool
) -> None:
    """First and last of a range, releases and what leads to them, several ranges in any order."""
    known = {Locked(ecosystem, "thing", version), Locked(ecosystem, "other", version)}
    found = advisories.findings(known, iter([record(ecosystem, "thing", *events)]))
    assert found == ([f"thing {version}: X-1"] if affected else [])


def test_records_are_read_as_they_are_published(tmp_path: Path) -> None:
    """Single files and one archive an ecosystem; names in any spelling; withdrawn ones do not count."""
    named = record(PYPI, "Some_Thing", versions=["1.0"])
    (tmp_path / "one.json").write_text(json.dumps({**named, "id": "A"}))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("B.json", json.dumps({**named, "id": "B"}))
        archive.writestr("C.json", json.dumps({**named, "id": "C", "withdrawn": "2026-01-01T00:00:00Z"}))
    known = {Locked(PYPI, "some-thing", "1.0"), Locked(NPM, "some-thing", "1.0")}
    assert advisories.findings(known, advisories.records(tmp_path)) == ["some-thing 1.0: A", "some-thing 1.0: B"]


def test_every_locked_dependency_is_looked_at() -> None:
    """Those of the server, of the page and of the tools, with their versions."""
    known = {(one.ecosystem, one.name): one.version for one in advisories.locked()}
    for ecosystem, name in (
        (PYPI, "fastapi"),
        (PYPI, "asyncpg"),
        (PYPI, "pytest"),
        (NPM, "maplibre-gl"),
        (NPM, "vite"),
    ):
        assert known[ecosystem, name][0].isdigit()
    assert (PYPI, "patrolgrid") not in known
    assert len(known) > 100


@pytest.mark.skipif(
    DATABASE is None, reason=f"{OPTIONAL}PATROL_ADVISORIES names no folder of advisories; `make audit` asks online"
)
def test_no_dependency_has_a_known_weakness() -> None:
    """Against the folder, which must hold records of both ecosystems: an empty one would find nothing."""
    assert DATABASE is not None
    known = advisories.locked()
    ecosystems: set[str] = set()

    def watched() -> Any:
        for one in advisories.records(Path(DATABASE or "")):
            ecosystems.update(each.get("package", {}).get("ecosystem") for each in one.get("affected", []))
            yield one

    assert advisories.findings(known, watched()) == []
    assert {PYPI, NPM} <= ecosystems
