"""Whatever a viewer sends is a message or ends its connection with a reason. Long: PATROL_FUZZ_EXAMPLES=100000."""

import json
import os
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.websockets import WebSocketDisconnect

from schemas.live import DeviceName
from tests.unit.web.live.positions import NOW, scattered
from web.live import messages
from web.live.frames import tiles
from web.live.frames.alarms import Alarms
from web.live.frames.directory import Directory
from web.live.frames.frame_source import FrameSource
from web.live.frames.state import LiveState
from web.live.frames.viewport import Viewport

EXAMPLES = int(os.environ.get("PATROL_FUZZ_EXAMPLES", "400"))
LONG = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)
_BBOX = st.lists(st.floats() | st.integers() | _JSON, min_size=3, max_size=5)
_NEAR = st.fixed_dictionaries(
    {"type": st.sampled_from(["subscribe", "view", "Subscribe", "", None])},
    optional={
        "bbox": st.tuples(st.floats(-720, 720), st.floats(-90, 90), st.floats(-720, 720), st.floats(-90, 90)) | _BBOX,
        "zoom": st.floats(0, 24) | st.floats() | _JSON,
        "selected": st.lists(st.integers() | st.text(max_size=70), max_size=70) | _JSON,
        "epoch": st.text(max_size=70) | _JSON,
        "offset": st.integers() | _JSON,
        "more": _JSON,
    },
)
_TEXTS = st.text(max_size=200) | (_NEAR | _JSON).map(json.dumps)
_EVENTS = st.one_of(
    _TEXTS.map(lambda text: {"type": "websocket.receive", "text": text}),
    st.binary(max_size=200).map(lambda data: {"type": "websocket.receive", "bytes": data, "text": None}),
    st.just({"type": "websocket.disconnect"}),
)


def scene() -> tuple[FrameSource, Viewport]:
    """Frames with devices, and somebody who looks at it."""
    frames = FrameSource(LiveState())
    frames.state.apply(scattered(50, seed=1))
    frames.state.set_named(np.arange(1, 51))
    frames.tick(NOW)
    directory = Directory()
    for slot in range(1, 51):
        directory.put(DeviceName(slot, f"cam-{slot}", None, "team"))
    return frames, Viewport(frames, directory, Alarms())


_FRAMES, _ = scene()


@LONG
@given(event=_EVENTS, first=st.booleans())
def test_hostile_message_is_read_or_ends_the_connection(event: dict[str, Any], *, first: bool) -> None:
    """Text, bytes, JSON of any shape and size: nothing else is raised, and what is read can be drawn."""
    frames, viewport = _FRAMES, scene()[1] if EXAMPLES <= 400 else Viewport(_FRAMES, Directory(), Alarms())
    try:
        look = messages.read_first(event) if first else messages.read_next(event)
    except (messages.EndError, WebSocketDisconnect):
        return  # with a reason, or because the viewer went
    viewport.look(look)
    frame = viewport.frame(0.0)
    assert frame is not None
    assert viewport.view is not None
    assert len(viewport.view.keys) <= tiles.MAX_TILES
    assert tiles.encode_frame(frame.kind, frame.blocks, now=float(frames.now), tick=frames.tick_no)
