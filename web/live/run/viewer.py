"""One viewer: reads its messages, and writes the newest state when the connection can take it. There is no queue.

The writer waits to be woken, compares versions, and sends what is newest. While a send is blocked nothing piles up:
the ticks in between are skipped, and the event log is read on from where the viewer is.
"""

import asyncio
import contextlib
import time
from typing import Any

import msgspec
import numpy as np
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from runtime import db
from runtime.clock import wall_clock
from schemas import live as wire
from schemas import rest
from schemas.live import Look, Subscribe
from web import problems
from web.auth.principal import Principal
from web.live import messages, metrics
from web.live.frames import directory, tiles
from web.live.frames.frame_source import Frame
from web.live.frames.viewport import Viewport
from web.live.messages import EndError
from web.live.run.hub import Hub
from web.live.run.looking import Looking
from web.live.run.waking import Timer
from web.live.store import event_log
from web.live.visibility_scope import VisibilityScope

log = structlog.get_logger(__name__)

HELLO_WITHIN_S = 10.0
SEND_WITHIN_S = 15.0
GOODBYE_WITHIN_S = 1.0
COUNTS_EVERY_S = 1.0
HEARTBEAT_S = 5.0
"""Interval at which counts are repeated without changes, since a page without messages marks its data as old."""
LOG_ITEMS_AT_ONCE = 500
DEVICES_AT_ONCE = 2_000


class Viewer:
    """A websocket accepted by the policy."""

    def __init__(self, hub: Hub, websocket: WebSocket, principal: Principal, scope: VisibilityScope) -> None:
        self.principal = principal
        self.scope = scope
        self._looking = Looking(hub.audit, principal)
        self.wake = asyncio.Event()
        self.viewport = Viewport(scope.frames, hub.directory, hub.alarms)
        self._hub = hub
        self._socket = websocket
        self._ending: EndError | None = None
        self._timer = Timer(self.wake.set)
        """Checks again later, even without further changes."""
        self._cells_version = 0
        self._scope_version = scope.version
        self._offset = 0
        self._names_sent = directory.NamesSent()
        self._counted_at = self._counts_sent_at = float("-inf")
        self._counts: dict[str, Any] = {}

    async def serve(self) -> None:
        """Serve until either side ends."""
        await self._socket.accept()
        try:
            # A task of its own: each waking of a task passes through every frame between it and what it waits for.
            await asyncio.create_task(self._converse(), name="live.viewer")
        except EndError as end:
            metrics.ENDED.labels(end.reason if end.bye else "protocol").inc()
            await self._say_goodbye(end)
        except WebSocketDisconnect:
            pass
        finally:
            self._timer.cancel()
            self._hub.viewers.leave(self)
            await self._record_end()

    def end(self, reason: str) -> None:
        """End the connection for one of `schemas.live.ENDS` as soon as the writer can."""
        self._ending = self._ending or EndError(reason)
        self.wake.set()

    async def _converse(self) -> None:
        if not self._hub.join(self):
            raise EndError("too_many_viewers")
        first = await self._first()
        try:
            await self._looking.begin()
        except problems.NotReadyError:
            raise EndError("not_ready") from None
        self._look(first)
        await self._greet(first)
        reader = asyncio.create_task(self._read(), name="live.reader")
        try:
            while True:
                self.wake.clear()
                await self._write()
                await self.wake.wait()
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    # Reading

    async def _first(self) -> Subscribe:
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                return messages.read_first(dict(await self._socket.receive()))
        except TimeoutError:
            raise EndError("no subscribe within 10 s") from None

    async def _read(self) -> None:
        try:
            while True:
                self._look(messages.read_next(dict(await self._socket.receive())))
        except EndError as end:
            self._ending = self._ending or end
        except WebSocketDisconnect as gone:
            self._ending = self._ending or EndError("gone", gone.code)
        self.wake.set()

    def _look(self, wish: Look) -> None:
        self.viewport.look(wish)
        self.wake.set()

    # Writing

    async def _greet(self, first: Subscribe) -> None:
        hub, events = self._hub, self._hub.event_log
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                await events.ready.wait()
        except TimeoutError:
            raise EndError("not_ready") from None
        recovered = first.epoch == events.epoch and first.offset is not None and events.ring.resumable(first.offset)
        self._offset = first.offset if recovered and first.offset is not None else events.ring.head
        await self._send_message(
            wire.Hello(
                protocol=wire.PROTOCOL,
                epoch=events.epoch,
                offset=self._offset,
                now=rest.rfc3339(db.moment(wall_clock())),
                recovered=recovered,
                time_zone=hub.time_zone(),
            )
        )
        if not recovered:
            await self._send_state()

    async def _write(self) -> None:
        if self._ending is not None:
            raise self._ending
        if self._scope_version != self.scope.version:
            await self._send_state()
        await self._write_log()
        cells = self.scope.cells
        if self._cells_version != cells.version:
            version = cells.version
            text = cells.message(self._cells_version, rest.rfc3339(db.moment(cells.at)))
            self._cells_version = version
            await self._send_text(text)
        await self._write_positions()
        await self._write_counts()
        if self._ending is not None:
            raise self._ending

    async def _write_log(self) -> None:
        while True:
            items = self._hub.event_log.ring.after(self._offset, LOG_ITEMS_AT_ONCE)
            if items is None:
                # Too slow, so the ring has dropped items it needs: send the full state.
                await self._send_state()
                continue
            if not items:
                return
            self._offset = items[-1].seq
            seen = self.scope.items(items)
            if seen:
                await self._send_text(event_log.encode(seen))

    async def _send_state(self) -> None:
        try:
            self._scope_version = self.scope.version
            state = await self._hub.full_state(self.scope)
        except (problems.ProblemError, *problems.UNREACHABLE) as error:
            raise EndError("not_ready") from error
        self._offset, self._cells_version = state.offset, state.cells_version
        await self._send_text(state.text)

    async def _write_positions(self) -> None:
        before, layer = self.viewport.view, self.viewport.layer
        skipped, frame = self.viewport.skipped, self.viewport.frame(time.monotonic())
        metrics.SKIPPED.inc(self.viewport.skipped - skipped)
        if self.viewport.wait_s is not None and frame is None:
            self._timer.within(self.viewport.wait_s)
        if self.viewport.view is not before or self.viewport.layer != layer:
            self._hub.looked()
        if self.viewport.view is not before:
            await self._record_selection()
        if frame is None or (frame.kind == tiles.CHANGE and not frame.blocks):
            return
        await self._introduce(frame)
        frames = self.scope.frames
        data = tiles.encode_frame(frame.kind, frame.blocks, now=float(frames.now), tick=frames.tick_no)
        metrics.FRAMES.labels("full" if frame.kind == tiles.FULL else "change").inc()
        await self._send_bytes(data)

    async def _record_selection(self) -> None:
        """Record the access before any frame with a selected device."""
        slots = self._hub.directory.chosen(self.viewport.selected)
        names = (self._hub.directory.by_slot[slot].id for slot in slots if self.scope.see.sees_device(slot))
        try:
            await self._looking.select(tuple(sorted(names)))
        except problems.NotReadyError:
            raise EndError("not_ready") from None

    async def _record_end(self) -> None:
        try:
            await asyncio.shield(self._looking.end())
        except problems.NotReadyError:
            log.warning("live.end_not_recorded", who=self.principal.name)

    async def _introduce(self, frame: Frame) -> None:
        """Send the names of devices that are new to the viewer."""
        if not frame.unnamed:
            return
        new = self._names_sent.take_new(np.concatenate(frame.unnamed))
        if not len(new):
            return
        devices = [self.scope.called(self._hub.directory.by_slot[slot]) for slot in new.tolist()]
        for start in range(0, len(devices), DEVICES_AT_ONCE):
            await self._send_message(wire.Devices(items=devices[start : start + DEVICES_AT_ONCE]))

    async def _write_counts(self) -> None:
        now = time.monotonic()
        if self.viewport.view is None:
            return
        if now - self._counted_at < COUNTS_EVERY_S:
            self._timer.within(COUNTS_EVERY_S)
            return
        self._counted_at = now
        self._timer.within(HEARTBEAT_S)
        counts = {**self.scope.counts(wall_clock()), "shown": self.viewport.shown(), "band": self.viewport.band}
        if counts != self._counts or now - self._counts_sent_at >= HEARTBEAT_S:
            self._counts, self._counts_sent_at = counts, now
            await self._send_message(wire.Counts(at=rest.rfc3339(db.moment(wall_clock())), **counts))

    async def _send_message(self, message: msgspec.Struct) -> None:
        await self._send_text(msgspec.json.encode(message).decode())

    async def _send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text}, len(text))

    async def _send_bytes(self, data: bytes) -> None:
        await self._send({"type": "websocket.send", "bytes": data}, len(data))

    async def _send(self, message: dict[str, object], size: int) -> None:
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await self._socket.send(message)
        except TimeoutError:
            raise EndError("too_slow") from None
        metrics.SENT_BYTES.inc(size)

    async def _say_goodbye(self, end: EndError) -> None:
        """Send the reason to the viewer, without waiting long for one that does not read."""
        if self._socket.client_state is not WebSocketState.CONNECTED:
            return
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(GOODBYE_WITHIN_S):
                if end.bye:
                    text = msgspec.json.encode(wire.Bye(reason=end.reason)).decode()
                    await self._socket.send({"type": "websocket.send", "text": text})
                await self._socket.close(end.code, end.reason[:120])
