"""The units of a worker: a claim on configured ones, or a share of all."""

from collections.abc import Collection
from typing import Protocol

from ingest.run.claim import Claim
from ingest.run.config import WorkerConfig
from ingest.run.mqtt.sessions import Sessions
from ingest.run.path.engine_host import EngineHost
from ingest.run.path.handover import Handover
from ingest.run.shares import Shares


class Units(Protocol):
    """Holds units for as long as it runs."""

    @property
    def serving(self) -> Collection[str]:
        """The units that the worker serves; "+" is all."""
        ...

    async def run(self) -> None:
        """Hold them until cancelled."""
        ...

    async def wait(self) -> None:
        """Return when the claims on the units are verified."""
        ...

    async def settled(self) -> None:
        """Return when the worker knows its units."""
        ...


def of(config: WorkerConfig, host: EngineHost, handover: Handover, sessions: Sessions) -> Units:
    """The units of a worker with this configuration."""
    if not config.shares:
        return Claim(config.database_url, config.units, lost=host.break_off)
    return Shares(
        database_url=config.database_url,
        worker=config.worker_id,
        serve=handover.serve,
        listen=sessions.listen,
        disconnect=sessions.disconnect,
        broken=host.break_off,
    )
