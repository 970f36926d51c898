"""docs/live-protocol.md says what the schemas, the encoder and the limits of the live websocket say."""

import re
import struct
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
from pydantic import BaseModel

from ingest.run import feed
from schemas import alerting, live, rest
from tests.support import fieldtables, live_client, live_frames
from web import server
from web.live.frames import alarms, detail, frame_source, state, tiles, viewport
from web.live.run import ticks, viewer, viewers
from web.live.store import event_log, snapshot

PAGE = (Path(__file__).parents[2] / "docs" / "live-protocol.md").read_text()
TABLES = fieldtables.tables(PAGE)
MESSAGES: dict[str, type[msgspec.Struct]] = {
    **{str(each.__struct_config__.tag): each for each in (*live.TO_SERVER, *live.FROM_SERVER)},
    "LogItem": live.LogItem,
    "DeviceName": live.DeviceName,
}
BODIES: dict[str, type[BaseModel]] = {
    "Alert": alerting.Alert,
    "Event": rest.Event,
    "Stay": rest.Stay,
    "Device": rest.Device,
}
WORDS = re.compile(r"`(\w+)`")


def told(name: str) -> fieldtables.Fields:
    """Fields of a table of the page."""
    return [(row[0].strip("`"), row[1]) for row in TABLES[name]]


@pytest.mark.parametrize("name", MESSAGES)
def test_table_has_the_fields_of_the_message(name: str) -> None:
    """Every field in its order, with its type and whether it may be absent; each is explained."""
    assert told(name) == fieldtables.of_struct(MESSAGES[name])
    assert all(row[2] for row in TABLES[name])


@pytest.mark.parametrize("name", BODIES)
def test_table_has_the_fields_of_the_body(name: str) -> None:
    """The same for what an event log item carries."""
    assert told(name) == fieldtables.of_model(BODIES[name])
    assert all(row[2] for row in TABLES[name])


def test_page_has_no_table_of_a_message_that_is_not_sent() -> None:
    """A message that was taken away is taken from the page, too."""
    typed = {name for name, rows in TABLES.items() if rows and len(rows[0]) == 3 and name in WORDS.findall(PAGE)}
    others = {"_HEADER", "_BLOCK", "columns", "ENDS"}
    assert typed - others == MESSAGES.keys() | BODIES.keys()


def test_states_and_ends_are_those_of_the_schema() -> None:
    """Words of cells, reasons of a bye with their codes; the client of the tests knows the same."""
    assert tuple(name for name, _ in told("CellState")) == get_args(live.CellState) == live_client.STATES
    ends = {name: int(code) for name, code in told("ENDS")}
    assert ends == live.ENDS == live_client.END_CODES


def layout(rows: list[list[str]]) -> str:
    """Format of `struct` that a table of offsets says, checking that nothing is left out."""
    codes = {"u8": "B", "u16": "H", "u32": "I", "f64": "d"}
    made = "<"
    for offset, kind, _ in rows:
        assert struct.calcsize(made) == int(offset)
        made += codes[kind]
    return made


def test_bytes_are_laid_out_as_the_page_says() -> None:
    """Offsets and types of header and block head are those of the encoder."""
    assert layout(TABLES["_HEADER"]) == tiles._HEADER.format
    assert layout(TABLES["_BLOCK"]) == tiles._BLOCK.format
    assert [row[1] for row in TABLES["columns"]] == ["u32", "u16", "u16", "u8", "u8", "u8", "u8"]


def test_example_of_the_page_is_what_the_encoder_makes() -> None:
    """The hexadecimal frame is to the byte what is sent for that device, and decodes to it."""
    found = re.search(r"```\n((?:[0-9a-f]{2}[ \n])+)```", PAGE)
    assert found is not None
    example = bytes.fromhex(found[1])
    side = 2**12
    byte = {"course": 64, "speed": 6, "status": 0, "age": 12}
    columns: dict[str, Any] = {name: np.array([value], dtype=np.uint8) for name, value in byte.items()}
    records = tiles.Records(
        slot=np.array([7], dtype=np.uint32),
        u=np.array([(3350 + 32_768.5 / 65_536) / side]),
        v=np.array([(1777 + 16_384.5 / 65_536) / side]),
        **columns,
    )
    block = tiles.encode_block(12, tiles.key(3350, 1777), records)
    assert tiles.encode_frame(tiles.FULL, [block], now=1_790_812_800_000.0, tick=9) == example
    record = live_frames.decode(example).by_slot()[7]
    assert (record.course, record.speed, record.status, record.age) == (64, 6, 0, 12)


LIMITS: dict[str, tuple[float, str]] = {
    "message to the server": (server.MAX_MESSAGE_BYTES, " bytes"),
    "first message": (viewer.HELLO_WITHIN_S, " s"),
    "selected devices": (live.MAX_SELECTED, ""),
    "length of a device's name": (64, ""),
    "views": (1 / viewport.FULL_EVERY_S, "/s"),
    "event log items in a message": (viewer.LOG_ITEMS_AT_ONCE, ""),
    "event log items that can be resumed": (event_log.MAX_ITEMS, ""),
    "bytes of them": (event_log.MAX_BYTES, ""),
    "events in a state": (snapshot.MAX_EVENTS, ""),
    "names in a message": (viewer.DEVICES_AT_ONCE, ""),
    "tiles of a view": (tiles.MAX_TILES, ""),
    "zoom of tiles": (tiles.MAX_ZOOM, ""),
    "devices in `dots`": (detail.DOTS_MAX, ""),
    "devices in `sampled`": (detail.SAMPLED_MAX, ""),
    "records of `sampled`": (detail.SAMPLE_RECORDS, ""),
    "squares along a tile in `grid`": (tiles.GRID_CELLS, ""),
    "devices in alarm that always come": (alarms.MAX_PASSING, ""),
    "silent after": (state.SILENT_AFTER_MS, " ms"),
    "ticks that are remembered": (frame_source.HISTORY_TICKS, ""),
    "missed ticks that are sent one by one": (frame_source.NEAR_TICKS, ""),
    "taken nothing": (viewer.SEND_WITHIN_S, " s"),
    "heartbeat": (viewer.HEARTBEAT_S, " s"),
    "ping": (server.PING_S, " s"),
    "viewers of a process": (viewers.MAX_VIEWERS, ""),
    "viewers of an account or token": (viewers.MAX_OF_ONE, ""),
}


def test_limits_are_those_of_the_code() -> None:
    """Each limit of the page is the constant that holds it, and no constant is left out."""
    assert {row[0]: row[1] for row in TABLES["limits"]} == {
        what: f"{value:,.0f}{unit}" for what, (value, unit) in LIMITS.items()
    }


def test_numbers_in_the_text_are_those_of_the_code() -> None:
    """What is said in sentences besides the table."""
    steps = ", ".join(map(str, detail.SAMPLE_STEPS[1:]))
    for said in (
        f"zoom z + {detail.SAMPLE_STEPS[0]} (or {steps}:",
        f"below {'nine' if detail.LOWER == 0.9 else detail.LOWER} tenths",
        f"ticks {'five' if ticks.TICK_S == 0.2 else ticks.TICK_S} times a second",
        f"magic {tiles.MAGIC:#06x}",
        f"±{tiles.MAX_LATITUDE}°",
        f"{server.SEND_BUFFER_BYTES >> 10} KiB in the kernel",
    ):
        assert said in PAGE, said
    assert feed.TICK_S <= ticks.TICK_S, "a worker tells no later than the page is told"


def test_client_of_the_page_knows_nothing_of_the_product() -> None:
    """It and its decoder import only what anybody has."""
    for module in (live_client, live_frames):
        source = Path(str(module.__file__)).read_text()
        names = re.findall(r"^(?:from|import) (\w+)(?:\.(\w+))?", source, re.MULTILINE)
        assert {top for top, _ in names} <= {
            "asyncio", "collections", "contextlib", "dataclasses", "datetime", "json", "math", "struct", "typing",
            "websockets", "tests",
        }  # fmt: skip
