"""Log lines: one form, and nothing in them that nobody may read."""

import json
import logging
import subprocess
import sys
import unicodedata
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patrol.services import logfiles
from runtime import logs, printable

SPOKEN = """
import logging, sys, threading, warnings
import structlog
from runtime import logs
logs.configure(sys.argv[1])
log = structlog.get_logger("ours")

def broken(lat, lon, password):
    raise ValueError(f"no cell at {lat}, {lon}")

with structlog.contextvars.bound_contextvars(worker="w-1", batch=7):
    log.info("stored", device="cam-1", n=3, ms=1.25)
    try:
        broken(23.084123, 114.413456, "opensesame")
    except ValueError:
        log.exception("failed", url="postgresql://patrol:opensesame@db:5432/patrol")
    log.warning("refused", lat=23.0841, payload=b"opensesame", told=["Bearer abcdefghijkl", {"password": 1}])
logging.getLogger("library").warning("DETAIL: Failing row contains (1, 23.084123)\\nat 114.413456")
warnings.warn("old", DeprecationWarning, stacklevel=1)
thread = threading.Thread(target=broken, args=(23.084123, 114.413456, "opensesame"))
thread.start()
thread.join()
try:
    broken(23.084123, 114.413456, "opensesame")
except ValueError as error:
    logs.log_fault(error)
"""
SECRET = ("opensesame", "23.0841", "114.4134", "abcdefghijkl")


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_secret_or_place_is_in_any_line(form: str) -> None:
    """Variables of tracebacks, addresses, rows in the texts of a database, fields by their name: none is shown."""
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", SPOKEN, form], capture_output=True, text=True, check=True
    )
    assert done.stderr.count("Traceback (most recent call last)") == 3
    for secret in SECRET:
        assert secret not in done.stderr, done.stderr
    assert done.stderr.count("no cell at *.*, *.*") == 3


def test_every_json_line_has_the_same_fields() -> None:
    """Ours, a library's, a warning, a thread's and the last one: each an object with time, level, logger and event."""
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", SPOKEN, "json"], capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["logger"] for line in lines] == ["ours"] * 3 + [
        "library",
        "py.warnings",
        "runtime.logs",
        "runtime.logs",
    ]
    assert all({"timestamp", "level", "logger", "event"} <= line.keys() for line in lines)
    assert {(line["worker"], line["batch"]) for line in lines[:3]} == {("w-1", 7)}
    assert (lines[0]["device"], lines[0]["n"], lines[0]["ms"]) == ("cam-1", 3, 1.25)
    assert "postgresql://patrol:***@db:5432/patrol" in lines[1]["url"]


HOSTILE = """
import logging, sys
import structlog
from runtime import logs
logs.configure(sys.argv[1])
said = sys.argv[2]
log = structlog.get_logger("ours")
with structlog.contextvars.bound_contextvars(worker=said):
    log.info("web.request", path=said, told=[said, {said: said}], **{"client" + said: 1})
    log.warning(said)
    try:
        raise ValueError(said)
    except ValueError:
        log.exception("failed", error=said)
logging.getLogger("library").error("%s", said)
"""
ORDERS = "".join(map(chr, (*range(1, 32), *range(127, 160), 0xAD, 0x200B, 0x200E, 0x202A, 0x202E, 0x2028, 0x2029,
                           0x2066, 0xFEFF, 0xE0001)))  # fmt: skip
FORGED = '\n2026-05-01 00:00:00 [info     ] forged\r\n{"event": "forged"}\n\x1b[2J\x1b]0;title\x07'


@pytest.mark.parametrize("form", ["console", "json"])
def test_nobody_outside_can_forge_a_line_or_give_a_terminal_orders(form: str) -> None:
    """Breaks of lines, escape sequences and signs that turn the direction: each is escaped, in every field."""
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE, form, ORDERS + FORGED], capture_output=True, text=True, check=True
    )
    kinds = {unicodedata.category(sign) for sign in done.stderr.replace("\n", "")}
    assert kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()
    assert "\\x1b[2J" in done.stderr
    entries = [line for line in done.stderr.split("\n") if line and not line.startswith("    ")]
    assert len(entries) == 4, done.stderr
    assert all(line.startswith(("20", "{")) and not line.startswith("2026-05-01") for line in entries)


@given(st.text())
def test_whatever_is_said_is_one_line_that_can_be_printed(said: str) -> None:
    """Of all signs there are; what was printable stays as it is."""
    shown = printable.text(said)
    assert {unicodedata.category(sign) for sign in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()
    assert len(shown.splitlines()) <= 1
    assert printable.text(shown) == shown


def test_logs_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Also one that was made for others, and what is kept of a log that was rotated."""
    path = tmp_path / "worker.log"
    path.write_text("x" * 100)
    path.chmod(0o644)
    with logfiles.appending(path) as file:
        file.write(b"y")
    assert path.stat().st_mode & 0o777 == 0o600
    assert logfiles.rotate(path, 10)
    assert (tmp_path / "worker.log.1").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("took 0.25 s of 10.5", "took 0.25 s of 10.5"),
        ("2026-11-25T20:14:03.123456Z heard", "2026-11-25T20:14:03.123456Z heard"),
        ("127.0.0.1:5432 is away", "127.0.0.1:5432 is away"),
        ("mqtt://broker:1883", "mqtt://broker:1883"),
        ("invalid input for query argument $4: [23.1] (a float is required)", "invalid input for query argument $4"),
        ("token patrol_0123456789abcdefghijklmnop", "token patrol_***"),
        ("between -23.08412 and 114.41", "between *.* and 114.41"),
    ],
)
def test_mask_takes_what_must_go_and_nothing_else(said: str, shown: str) -> None:
    """Times, addresses and figures stay readable."""
    assert logs.mask(said) == shown


def test_log_is_rotated_while_it_is_written(tmp_path: Path) -> None:
    """A process that has it open goes on at the beginning; each line is in one of the two files, once and in order."""
    path = tmp_path / "worker.log"
    with path.open("ab", buffering=0) as writer:
        for n in range(1_000):
            writer.write(f"{n}\n".encode())
        assert not logfiles.rotate(path, 10_000)
        assert logfiles.rotate(path, 1_000)
        for n in range(1_000, 1_500):
            writer.write(f"{n}\n".encode())
    aside = tmp_path / "worker.log.1"
    assert [int(line) for line in (aside.read_text() + path.read_text()).split()] == list(range(1_500))
    assert path.stat().st_size < 3_000
    assert not logfiles.rotate(tmp_path / "none.log", 1)
    assert logfiles.rotate(path, 1_000)
    assert aside.read_text().startswith("1000\n")


def test_configure_takes_warnings_and_libraries_along(capsys: pytest.CaptureFixture[str]) -> None:
    """What is configured in this process goes through the same handler; afterwards all is as it was."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.configure("json")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.getLogger("other").error("at 23.08412")
        assert json.loads(capsys.readouterr().err.splitlines()[-1])["event"] == "at *.*"
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:], root.level = before, level
