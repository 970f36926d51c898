"""docs/architecture.md says where things are: its tree is the tree, its kinds are those that import-linter holds."""

import re
from pathlib import Path

import pytest

from tests.support.layout import PACKAGES, ROOT, modules, rules

PAGE = (ROOT / "docs/architecture.md").read_text()
DOORS = ("web", "patrol")
"""Packages whose folders take requests and commands in, and tell their kind by their names."""
SIMULATOR = "device_sim"


def folders() -> list[Path]:
    """All folders with modules, below the root."""
    return sorted({file.parent for file in modules(*PACKAGES) if file.name != "__init__.py"})


def pure() -> set[str]:
    """Folders of rules, as paths."""
    return {name.replace(".", "/") for name in rules()}


@pytest.mark.parametrize("folder", folders(), ids=str)
def test_every_folder_is_of_one_kind(folder: Path) -> None:
    """It is a store, a task or a door by its name, or its purity is held."""
    named = folder.parts[0] in (*DOORS, SIMULATOR, "runtime", "schemas") or {"store", "run"} & set(folder.parts)
    assert bool(named) or any(folder.is_relative_to(each) for each in pure())


def test_rules_that_are_held_are_folders() -> None:
    """No contract speaks of a folder that is gone, or of a single file."""
    assert [each for each in pure() if not (ROOT / each).is_dir()] == []


@pytest.mark.parametrize("folder", folders(), ids=str)
def test_no_folder_is_too_full(folder: Path) -> None:
    """Some twenty files are seen at a glance."""
    modules = [file for file in (ROOT / folder).glob("*.py") if file.name != "__init__.py"]
    assert len(modules) <= (25 if folder.parts == ("schemas",) else 20)


def test_every_folder_is_in_the_tree() -> None:
    """Each folder of a package with kinds stands in the page by its name, and says in a line what it holds."""
    tree = PAGE[PAGE.index("## The tree") : PAGE.index("Imports go one way")]
    missing = [str(each) for each in folders() if f"{each.name}/" not in tree and each.name not in ("frames", "openid")]
    inside = [each for each in missing if Path(each).parts[:2] not in {("patrol", "cli"), ("web", "api")}]
    assert inside == []
    for folder in folders():
        assert (ROOT / folder / "__init__.py").read_text().strip(), folder


def test_the_folders_of_the_page_are_in_its_tree() -> None:
    """Each stands in the page's tree, in twenty files at most; beside them lie only the start and the frame of all."""
    tree = PAGE[PAGE.index("The page, in `web/ui/src`:") : PAGE.index("## Processes")]
    source = ROOT / "web/ui/src"
    assert sorted(re.findall(r"^    (\w+)/", tree, re.MULTILINE)) == sorted(
        each.name for each in source.iterdir() if each.is_dir()
    )
    assert {each.name for each in source.iterdir() if each.is_file()} == {"app.tsx", "main.tsx", "vite-env.d.ts"}
    for folder in (each for each in source.rglob("*") if each.is_dir()):
        assert len([each for each in folder.iterdir() if each.is_file()]) <= 20, folder


def test_every_question_has_a_file() -> None:
    """Where a thing is decided is a file, or a folder, that exists."""
    rows = re.findall(r"^\| Where [^|]*\|([^|]*)\|$", PAGE, re.MULTILINE)
    assert len(rows) >= 8
    for row in rows:
        named = re.findall(r"`([\w/]+(?:\.py|/))`", row)
        assert named
        for path in named:
            assert (ROOT / path).exists(), path


def test_the_path_of_a_fix_is_in_the_order_of_the_code() -> None:
    """The steps of the table are numbered from 1, and each file exists."""
    table = PAGE[PAGE.index("## The path") :]
    steps = re.findall(r"^\| (\d+) \| `([\w/]+(?:\.py|/))` \|", table, re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    assert [path for _, path in steps if not (ROOT / path).exists()] == []
