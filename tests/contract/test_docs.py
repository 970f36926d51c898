"""What the documents name is there: links, paths, make targets, commands and options, metrics, settings, routes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from prometheus_client import REGISTRY
from typer.core import TyperGroup

import ingest.run.worker  # noqa: F401 - declares the metrics of a worker
import runtime.build  # noqa: F401 - declares that of both
from patrol.cli import cli
from patrol.settings.settings import SECRETS, Settings
from tests.support import documents
from web.app import create_app
from web.config import WebConfig

ROOT = Path(__file__).parents[2]
PAGES = documents.pages(ROOT)
TEXTS = documents.texts(ROOT)
"""Whatever a person reads: pages, comments of files to deploy, texts of the page that is not built."""
NO_METRICS = {"patrol_session", "patrol_areas", "patrol_badge", "patrol_database"}
"""A cookie, two claims and a user of the machine."""
TOPICS = ("patrol/v1", "patrol/v2")
BUILT = ("web/static", "test-artifacts", "dist")


def by_name(files: list[Path]) -> list[str]:
    """Names for the report of pytest."""
    return [str(file.relative_to(ROOT)) for file in files]


@pytest.mark.parametrize("page", PAGES, ids=by_name(PAGES))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files and headings that are linked to are there."""
    for target in documents.links(page.read_text()):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if anchor:
            assert anchor in documents.anchors(file.read_text()), target


@pytest.mark.parametrize("page", TEXTS, ids=by_name(TEXTS))
def test_every_path_that_is_named_exists(page: Path) -> None:
    """What looks like a path below a folder of the repository is one; `NNNN` and `*` stand for any."""
    tops = {entry.name for entry in ROOT.iterdir() if entry.is_dir() and not entry.name.startswith(".")}
    for path in documents.paths(page.read_text(), tops):
        if path.startswith((*BUILT, *TOPICS)):
            continue
        assert list(ROOT.glob(path.rstrip("/"))), path


@pytest.mark.parametrize("page", TEXTS, ids=by_name(TEXTS))
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    """`make X` is a target of the Makefile, `make bench-X` a module of bench/."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    benches = {file.stem.removeprefix("bench_").replace("_", "-") for file in (ROOT / "bench").glob("bench_*.py")}
    for name in documents.make_targets(page.read_text()):
        known = name.removeprefix("bench-") in benches if name.startswith("bench-") else name in targets
        assert known, f"make {name}"


@dataclass(frozen=True)
class Commands:
    """The command line as it parses itself."""

    root: TyperGroup

    def check(self, words: list[str]) -> None:
        """Follow words of a page: `patrol sim replay FILE --speed max`."""
        command: Any = self.root
        for word in words:
            if word.startswith("--"):
                known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
                assert word.partition("=")[0] in known, (command.name, word)
            elif isinstance(command, TyperGroup) and (found := command.commands.get(word)) is not None:
                command = found
            elif isinstance(command, TyperGroup):
                assert not re.fullmatch(r"[a-z]+", word), (command.name, word)
                return


@pytest.mark.parametrize("page", TEXTS, ids=by_name(TEXTS))
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    """`patrol …` as it stands in code is a command, and its options are options of that command."""
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    for line in documents.commands(page.read_text()):
        Commands(group).check(line)


@pytest.mark.parametrize("page", TEXTS, ids=by_name(TEXTS))
def test_every_setting_that_is_named_exists(page: Path) -> None:
    """A variable is a setting, one that compose puts in, or one that a program of the repository reads."""
    known = {f"PATROL_{name.upper()}" for name in Settings.model_fields} | set(_read_by_programs())
    known |= {f"PATROL_{name.upper()}_FILE" for name in SECRETS}
    for name in documents.variables(page.read_text()):
        assert name in known, name


def _read_by_programs() -> Iterator[str]:
    yield from re.findall(r"\$\{(PATROL_\w+)", (ROOT / "docker-compose.yml").read_text())
    for folder in ("bench", "tests", "patrol", "web", "."):
        for file in (ROOT / folder).glob("*.py" if folder in (".", "patrol", "web") else "**/*.py"):
            if file != Path(__file__):
                yield from re.findall(r"\bPATROL_[A-Z_]+\b", file.read_text())


@pytest.mark.parametrize("page", TEXTS, ids=by_name(TEXTS))
def test_every_metric_and_alert_that_is_named_exists(page: Path) -> None:
    """Metrics are declared by a process or read from the database; alerts are rules."""
    declared = {name.removesuffix("_total") for name in REGISTRY._names_to_collectors}
    gauges, text = (ROOT / "web/health/gauges.py").read_text(), page.read_text()
    for name in documents.metrics(text):
        base = name.removesuffix("_total")
        if name in NO_METRICS:
            continue
        stored = name in gauges or name.endswith(("_waiting", "_oldest_seconds"))
        assert base in declared or stored or any(each.startswith(base) for each in declared), name
    groups = yaml.safe_load((ROOT / "deploy/prometheus/rules/patrol.yml").read_text())["groups"]
    rules = {rule["alert"] for group in groups for rule in group["rules"]}
    assert set(documents.alerts(text)) <= rules


@pytest.fixture(scope="module")
def routes() -> set[tuple[str, str]]:
    """Methods and shapes of the paths of the API."""
    app = create_app(WebConfig(database_url="postgresql://127.0.0.1:1/x", mqtt_url="mqtt://127.0.0.1:1"))
    return {(method.upper(), documents.shape(path)) for path, item in app.openapi()["paths"].items() for method in item}


@pytest.mark.parametrize("page", PAGES, ids=by_name(PAGES))
def test_every_route_that_is_named_exists(page: Path, routes: set[tuple[str, str]]) -> None:
    """`GET /api/v1/…` is a route with that method."""
    for method, path in documents.routes(page.read_text()):
        assert (method, documents.shape(path)) in routes, f"{method} {path}"


@pytest.mark.parametrize(("text", "found"), [
    ("see [a](b.md#c) and [d](https://e)", ["b.md#c"]),
    ("```\n[a](b.md)\n```", []),
])  # fmt: skip
def test_links_are_found(text: str, found: list[str]) -> None:
    """Of links only those within the repository, and none in code."""
    assert list(documents.links(text)) == found


def test_the_documents_name_much() -> None:
    """What looks for names finds them: a reader that finds nothing would let all pass."""
    text = "\n".join(page.read_text() for page in TEXTS)
    tops = {entry.name for entry in ROOT.iterdir() if entry.is_dir()}
    for found, least in ((documents.commands(text), 80), (documents.paths(text, tops), 80), (documents.links(text), 80),
                         (documents.make_targets(text), 20), (documents.variables(text), 80),
                         (documents.metrics(text), 80), (documents.routes(text), 20)):  # fmt: skip
        assert len(list(found)) > least


def test_commands_are_found_as_they_stand_in_code() -> None:
    """In spans and blocks, with variables before and remarks behind."""
    text = "Run `patrol db check`.\n\n    PATROL_X=1 patrol device add cam --unit team   # enrol\n\nA patrol walks.\n"
    assert list(documents.commands(text)) == [["device", "add", "cam", "--unit", "team"], ["db", "check"]]
