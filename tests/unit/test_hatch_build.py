"""The build hook of the page: when it builds and when it does not."""

import gzip
from pathlib import Path
from typing import Any

import pytest

import hatch_build


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    """A folder with the sources of a page."""
    (tmp_path / "src" / "map").mkdir(parents=True)
    for name in ("index.html", "package.json", "src/main.ts", "src/map/view.ts"):
        (tmp_path / name).write_text(f"content of {name}")
    return tmp_path


@pytest.mark.parametrize("name", ["index.html", "src/main.ts", "src/map/new.ts"])
def test_digest_changes_with_any_source(ui: Path, name: str) -> None:
    """An edit, also of a new file with the same content elsewhere, is noticed."""
    before = hatch_build.digest_of(ui)
    (ui / name).write_text("something else")
    assert hatch_build.digest_of(ui) != before


def test_digest_changes_with_a_deletion_and_a_renaming(ui: Path) -> None:
    """Names count, not only contents."""
    before = hatch_build.digest_of(ui)
    (ui / "src/main.ts").rename(ui / "src/start.ts")
    renamed = hatch_build.digest_of(ui)
    (ui / "src/start.ts").unlink()
    assert len({before, renamed, hatch_build.digest_of(ui)}) == 3


def test_digest_leaves_out_what_is_no_source(ui: Path) -> None:
    """Installed packages and times of files change nothing."""
    before = hatch_build.digest_of(ui)
    (ui / "node_modules").mkdir()
    (ui / "node_modules" / "x.js").write_text("x")
    (ui / "src/main.ts").touch()
    assert hatch_build.digest_of(ui) == before


def test_static_is_current_only_when_built_from_these_sources(tmp_path: Path) -> None:
    """A missing page, a missing stamp and another stamp all lead to a build."""
    assert not hatch_build.is_current(tmp_path, "a")
    (tmp_path / hatch_build.STAMP).write_text("a")
    assert not hatch_build.is_current(tmp_path, "a")
    (tmp_path / "index.html").write_text("<!doctype html>")
    assert hatch_build.is_current(tmp_path, "a")
    assert not hatch_build.is_current(tmp_path, "b")


def test_packed_twins_unpack_to_the_same(tmp_path: Path) -> None:
    """Scripts and styles get a gzipped twin; the page itself does not."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.js").write_text("let a = 1;")
    (tmp_path / "index.html").write_text("<!doctype html>")
    hatch_build.pack(tmp_path)
    assert gzip.decompress((tmp_path / "assets" / "a.js.gz").read_bytes()) == b"let a = 1;"
    assert not (tmp_path / "index.html.gz").exists()


def test_failure_tells_what_the_command_said(tmp_path: Path) -> None:
    """The error holds the command's own words and how to go on without the page."""
    script = tmp_path / "fails.py"
    script.write_text("import sys; print('the disk is full'); sys.exit(3)")
    with pytest.raises(RuntimeError, match="the disk is full") as caught:
        hatch_build.run(["python3", str(script)], tmp_path, tmp_path / "node")
    assert "PATROL_SKIP_UI=1" in str(caught.value)


def hook_of(folder: Path, target: str) -> hatch_build.UiBuildHook:
    """The hook for a target; of the build it looks at nothing but the root and the target's name."""
    unread: Any = None
    return hatch_build.UiBuildHook(str(folder), {}, unread, unread, str(folder), target)


def test_hook_skips_when_the_page_is_not_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATROL_SKIP_UI=1 builds nothing, and neither does a source distribution."""
    monkeypatch.setenv("PATROL_SKIP_UI", "1")
    hook_of(tmp_path, "wheel").initialize("standard", {})
    monkeypatch.delenv("PATROL_SKIP_UI")
    hook_of(tmp_path, "sdist").initialize("standard", {})
    assert not (tmp_path / "web").exists()
