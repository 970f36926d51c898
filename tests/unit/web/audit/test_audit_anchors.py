"""Anchors in files: whatever a crash, a hand or a stranger does to them, the next one is written, nothing is hidden."""

import hmac
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from web.audit.audit_anchors import Anchors
from web.audit.audit_chain import START, Head

KEY = "k" * 40


def head(n: int) -> Head:
    """A head."""
    return Head(n, bytes([n % 256]) * 32)


def filled(folder: Path, n: int = 4) -> Anchors:
    """Files with anchors of heads 1 … n, and the newest head one further."""
    anchors = Anchors(folder / "deep" / "anchors", KEY)
    for number in range(1, n + 1):
        assert anchors.append(head(number)) is not None
    anchors.note(head(n + 1))
    return anchors


def test_heads_are_written_once_each_and_for_their_owner_alone(tmp_path: Path) -> None:
    """None of an empty record, none twice, none that lies behind."""
    anchors = filled(tmp_path)
    assert anchors.append(Head(0, START)) is None
    assert anchors.append(head(4)) is None
    assert anchors.append(head(3)) is None
    found = anchors.read()
    assert (found.heads, found.anchors, found.faults) == ([head(n) for n in range(1, 6)], 4, [])
    assert anchors.newest() == head(5)
    for file in (anchors.file, anchors.head_file):
        assert file.stat().st_mode & 0o077 == 0


@given(st.binary(max_size=200))
@example(b'{"n": 4, "ha')
@example(b"\xff\xfe\n[]\n{}\n1")
@example(b'{"n": 9, "hash": "zz", "at": "", "signature": ""}')
@example(b"\n\n")
def test_whatever_the_files_hold_the_next_anchor_is_written_and_read(torn: bytes) -> None:
    """A line that a crash tore, or garbage: the anchor after it stands on a line of its own, and the chain holds."""
    with TemporaryDirectory() as folder:
        anchors = filled(Path(folder))
        with anchors.file.open("ab") as file:
            file.write(torn)
        anchors.head_file.write_bytes(torn)
        assert anchors.newest() == head(4)
        assert anchors.append(head(7)) is not None
        anchors.note(head(8))
        found = anchors.read()
        assert [one for one in found.heads if one.n > 4] == [head(7), head(8)]
        assert found.faults == []


@given(st.binary(max_size=500))
def test_files_that_are_garbage_from_the_beginning_are_gone_on_with(garbage: bytes) -> None:
    """Nothing is believed of them, and what is written then is."""
    with TemporaryDirectory() as folder:
        anchors = Anchors(Path(folder) / "anchors", KEY)
        anchors.file.write_bytes(garbage)
        assert anchors.newest() is None
        assert anchors.append(head(3)) is not None
        anchors.note(head(3))
        assert anchors.read().heads == [head(3), head(3)]


@pytest.mark.parametrize("gone", [{0}, {1}, {0, 1}, {1, 2}, {3}, {2, 3}, {0, 1, 2, 3}])
def test_anchors_that_were_taken_out_are_missed(tmp_path: Path, gone: set[int]) -> None:
    """At the beginning, in the middle, at the end, all of them."""
    anchors = filled(tmp_path)
    lines = anchors.file.read_bytes().splitlines(keepends=True)
    anchors.file.write_bytes(b"".join(line for n, line in enumerate(lines) if n not in gone))
    assert anchors.read().faults != []


def test_missing_files_are_faults(tmp_path: Path) -> None:
    """No anchors are no proof; a copy comes without the newest head."""
    anchors = filled(tmp_path)
    anchors.head_file.unlink()
    assert ["anchors.head is missing" in fault for fault in anchors.read().faults] == [True]
    assert anchors.read(copy=True).faults == []
    anchors.file.unlink()
    (fault,) = anchors.read().faults
    assert "There is no anchor file" in fault


def test_changed_lines_and_other_keys_are_named(tmp_path: Path) -> None:
    """Each by its line."""
    anchors = filled(tmp_path)
    assert len([fault for fault in Anchors(anchors.file, KEY + "x").read().faults if "another key" in fault]) == 4
    anchors.file.write_bytes(anchors.file.read_bytes().replace(b'"n":2', b'"n":9'))
    assert "line 2 was changed" in anchors.read().faults[0]


def test_anchors_of_the_version_before_are_believed_and_gone_on_with(tmp_path: Path) -> None:
    """They were signed without the one before; the first new one names the last of them."""
    secret = hmac.digest(KEY.encode(), b"patrolgrid audit anchor", "sha256")
    anchors = Anchors(tmp_path / "anchors", KEY)
    lines = []
    for n in (1, 2):
        said = f"{n}|{head(n).hash.hex()}|2026-01-01T00:00:00+00:00"
        signed = hmac.new(secret, said.encode(), "sha256").hexdigest()
        line = {"n": n, "hash": head(n).hash.hex(), "at": "2026-01-01T00:00:00+00:00", "signature": signed}
        lines.append(json.dumps(line) + "\n")
    anchors.file.write_text("".join(lines))
    assert anchors.append(head(3)) is not None
    anchors.note(head(3))
    assert (anchors.read().anchors, anchors.read().faults) == (3, [])
    anchors.file.write_text(anchors.file.read_text().replace(lines[1], ""))
    assert anchors.read().faults != []
