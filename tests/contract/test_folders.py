"""What a folder's name promises: SQL stands in stores, files are short, and rules cannot reach for the world."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.layout import PACKAGES, ROOT, modules, rules

SQL_IN_STORES = ("tracking", "alerts", "ingest", "web")
"""Packages whose SQL stands in folders named `store` and nowhere else. Add one when it does; take none away."""
STATEMENTS = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH ", "CREATE ", "TRUNCATE ", "CALL ")
CALLS = {"fetch", "fetchval", "fetchrow", "execute", "executemany", "copy_records_to_table"}
MOST_LINES = 300
REACHES = ("asyncio", "asyncpg", "logging", "time")


def statements(file: Path) -> Iterator[str]:
    """What of a module asks a database: texts that begin as statements do, and calls that take them."""
    tree = ast.parse((ROOT / file).read_text())
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings, and texts like them
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            if node.value.lstrip().startswith(STATEMENTS):
                yield f"{file}:{node.lineno}: {node.value.strip()[:40]}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS:
            yield f"{file}:{node.lineno}: .{node.func.attr}()"


def test_sql_stands_in_stores() -> None:
    """No text of a statement and no call that takes one is anywhere else."""
    outside = [file for file in modules(*SQL_IN_STORES) if "store" not in file.parts]
    assert len(outside) > 100
    assert [found for file in outside for found in statements(file)] == []


@pytest.mark.parametrize("package", SQL_IN_STORES)
def test_sql_is_seen_where_it_is(package: str) -> None:
    """The search above finds what it looks for."""
    inside = [file for file in modules(package) if "store" in file.parts]
    assert sum(len(list(statements(file))) for file in inside) > 50


def test_files_are_short() -> None:
    """Of the product, its page, the tests and the benches."""
    page = [*(ROOT / "web/ui/src").rglob("*.ts*"), *(ROOT / "web/ui/src").rglob("*.css")]
    files = [*modules(*PACKAGES, "tests", "bench"), *(file.relative_to(ROOT) for file in page)]
    lines = {str(file): len((ROOT / file).read_text().splitlines()) for file in files if "generated" not in file.parts}
    assert {name: n for name, n in lines.items() if n > MOST_LINES} == {}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the code in which one file of each folder of rules reaches for the world."""
    folder = tmp_path_factory.mktemp("broken")
    for file in modules(*PACKAGES):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / file)
    for each in rules():
        module = max(file for file in (folder / each.replace(".", "/")).glob("*.py") if file.stem != "__init__")
        module.write_text(f"{module.read_text()}\nimport {', '.join(REACHES)}\n")
    shutil.copy(ROOT / "pyproject.toml", folder / "pyproject.toml")
    linter = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(linter, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return done.stdout


@pytest.mark.parametrize("folder", rules())
def test_a_rule_that_reaches_for_the_world_is_found(folder: str, broken: str) -> None:
    """Whichever folder of rules it is in, and whichever of these it imports."""
    for reached in REACHES:
        assert f"{folder} is not allowed to import {reached}:" in broken
