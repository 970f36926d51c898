"""The sessions of one worker with the broker: its own and, if units are shared, those of each of its units.

They come in pairs: one for live messages, and one for buffered ones, with few messages in flight. The broker keeps one
ordered queue for a session, so in a common one live fixes would wait behind hours of buffers.

The session of a unit is its queue. It stays at the broker when its worker ends, and the next worker takes it over with
the same client id, with all waiting and unacknowledged messages.
"""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from urllib.parse import quote

import structlog

from ingest.run.mqtt.session import BUFFERED_RECEIVE_MAXIMUM, RECEIVE_MAXIMUM, Session, SessionOptions
from ingest.run.path.intake import Intake
from runtime import parts
from schemas import topics
from schemas.broker import Broker

log = structlog.get_logger(__name__)


_TAKEN_S = 60.0
"""Time within which several takeovers of a session are reported."""


def client_id(unit: str) -> str:
    """Client id of the live session of a unit; ASCII, since brokers need not support more."""
    return f"patrol-unit-{quote(unit, safe='')}"


def buffered_id(client_id: str) -> str:
    """Client id of the session for buffers beside a live one."""
    return client_id.replace("patrol-", "patrol.buffer-", 1)


class Sessions:
    """All sessions that deliver to one intake, and stop reading while it is full.

    Args:
        broker: address of the broker.
        worker: name of the worker.
        units: units of its own session; none if shared.
        former: units of earlier subscriptions of its own session.
        receive_maximum: messages in flight in each live session.
        latest: the latest time that it may be, ms.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        worker: str,
        units: tuple[str, ...],
        former: Sequence[str],
        receive_maximum: int = RECEIVE_MAXIMUM,
        latest: Callable[[], int] = lambda: 0,
    ) -> None:
        self._broker, self._receive_maximum, self._latest = broker, receive_maximum, latest
        self.intake = Intake(self.pause, self.resume)
        self._numbers = itertools.count(1)
        self._running: dict[str, tuple[list[Session], list[asyncio.Task[None]]]] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.own, self._buffered = self._pair(f"patrol-{worker}", units, former)

    async def run(self) -> None:
        """Maintain the worker's own session, and those of connected units, until cancelled."""
        own = self._started([self.own, self._buffered], "session")
        try:
            await self._failed
        finally:
            tasks = [*own, *(task for _, tasks in self._running.values() for task in tasks)]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def ready(self) -> None:
        """Return when the worker's own sessions are connected and subscribed."""
        for session in (self.own, self._buffered):
            await session.ready.wait()

    @property
    def taken(self) -> bool:
        """Whether another client keeps taking over one of them."""
        return any(session.taken(_TAKEN_S) for session in self._all())

    def listen(self, unit: str) -> None:
        """Connect for a unit; the broker disconnects any other client for it."""
        pair = self._pair(client_id(unit), (unit,), (), gauged=False)
        if self.intake.full:
            for session in pair:
                session.pause()
        self._running[unit] = pair, self._started(pair, f"session-{unit}")

    async def disconnect(self, unit: str) -> None:
        """End the connections of a unit; unacknowledged messages wait for the next ones."""
        if unit in self._running:
            _, tasks = self._running.pop(unit)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def pause(self) -> None:
        """Stop reading from the broker: there is no room."""
        for session in self._all():
            session.pause()

    def resume(self) -> None:
        """Read on."""
        for session in self._all():
            session.resume()

    def _all(self) -> list[Session]:
        return [self.own, self._buffered, *(session for pair, _ in self._running.values() for session in pair)]

    def _started(self, sessions: Sequence[Session], name: str) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(parts.lasting(name, session.run()), name=name) for session in sessions]
        for task in tasks:
            task.add_done_callback(self._ended)
        return tasks

    def _pair(
        self, client_id: str, units: Sequence[str], former: Sequence[str], *, gauged: bool = True
    ) -> list[Session]:
        few = min(self._receive_maximum, BUFFERED_RECEIVE_MAXIMUM)
        live = SessionOptions(
            client_id=client_id,
            filters=topics.subscriptions(tuple(units), topics.LIVE),
            former=topics.subscriptions(tuple(former), topics.LIVE),
            receive_maximum=self._receive_maximum,
            gauged=gauged,
        )
        buffered = SessionOptions(
            client_id=buffered_id(client_id),
            filters=topics.subscriptions(tuple(units), topics.BUFFERED),
            former=topics.subscriptions(tuple(former), topics.BUFFERED),
            receive_maximum=few,
            bounded=True,
            gauged=False,
        )
        return [self._made(live), self._made(buffered)]

    def _made(self, terms: SessionOptions) -> Session:
        return Session(
            self._broker,
            terms,
            deliver=self.intake.put,
            lost=lambda number: log.info("messages come again", n=self.intake.forget(number)),
            numbers=self._numbers,
            latest=self._latest,
        )

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._failed.done():
            self._failed.set_exception(error)
