"""The sessions of one worker with the broker: its own, and where units are shared, one for each unit it serves.

The session of a unit is the unit's queue. It stays at the broker when its worker goes, and who serves the unit next
takes it over by the same client id with all that waits in it and all that was not acknowledged.
"""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from urllib.parse import quote

import structlog

from ingest import mqtt
from ingest.message import Intake
from schemas.broker import Broker

log = structlog.get_logger(__name__)


def client_id(unit: str) -> str:
    """Client id of a unit's session; in ASCII, as brokers need not take more."""
    return f"patrol-unit-{quote(unit, safe='')}"


class Sessions:
    """All sessions that deliver to one intake.

    Args:
        broker: where.
        worker: name of the worker.
        units: units of its own session; none where they are shared.
        former: units that its own session may have been subscribed to before.
        intake: where messages go.
        receive_maximum: messages in flight in each session.
        latest: the latest time that it may be, ms.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        worker: str,
        units: tuple[str, ...],
        former: Sequence[str],
        intake: Intake,
        receive_maximum: int = mqtt.RECEIVE_MAXIMUM,
        latest: Callable[[], int] = lambda: 0,
    ) -> None:
        self._broker, self._intake, self._receive_maximum = broker, intake, receive_maximum
        self._latest = latest
        self._numbers = itertools.count(1)
        self._running: dict[str, tuple[mqtt.Session, asyncio.Task[None]]] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.own = self._made(f"patrol-{worker}", units, former)

    async def run(self) -> None:
        """Keep the worker's own session up, and those of the units until they are hushed; until cancelled."""
        own = asyncio.create_task(self.own.run(), name="session")
        own.add_done_callback(self._ended)
        try:
            await self._failed
        finally:
            tasks = [own, *(task for _, task in self._running.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def listen(self, unit: str) -> None:
        """Connect for a unit; whoever else is connected for it is thrown out by the broker."""
        session = self._made(client_id(unit), (unit,), ())
        session.gauged = False
        if self._intake.full:
            session.pause()
        task = asyncio.create_task(session.run(), name=f"session-{unit}")
        task.add_done_callback(self._ended)
        self._running[unit] = session, task

    async def hush(self, unit: str) -> None:
        """End the connection of a unit; what was not acknowledged on it waits for the next one."""
        if unit in self._running:
            _, task = self._running.pop(unit)
            task.cancel()
            await asyncio.wait([task])

    def pause(self) -> None:
        """Stop reading from the broker: there is no room."""
        for session in self._all():
            session.pause()

    def resume(self) -> None:
        """Read on."""
        for session in self._all():
            session.resume()

    def _all(self) -> list[mqtt.Session]:
        return [self.own, *(session for session, _ in self._running.values())]

    def _made(self, client_id: str, units: tuple[str, ...], former: Sequence[str]) -> mqtt.Session:
        session = mqtt.Session(
            self._broker,
            client_id=client_id,
            units=units,
            deliver=self._intake.put,
            lost=lambda number: log.info("messages come again", n=self._intake.forget(number)),
            receive_maximum=self._receive_maximum,
            numbers=self._numbers,
            former=former,
        )
        session.latest = self._latest
        return session

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._failed.done():
            self._failed.set_exception(error)
