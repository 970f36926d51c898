"""What a worker needs to know."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ingest.run.mqtt.session import RECEIVE_MAXIMUM
from ingest.run.path.pipeline import BatchLimits
from runtime.vault import Vault

SHARED = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """What a worker needs to know."""

    database_url: str
    mqtt_url: str
    worker_id: str = "worker-1"
    units: tuple[str, ...] = ("+",)
    """Units served; "+" is all, "shared" this worker's part of all."""
    auto_enrol: bool = False
    on_ready: Callable[[], None] = lambda: None
    """Called once, when messages are being taken."""
    device_key: str | None = field(default=None, repr=False)
    """Keeps the devices' accounts in Mosquitto when given; None: the broker's accounts are not ours to keep."""
    notify_allow: str = ""
    """Networks and host names that notifications may go to though they are not public."""
    notify_services: str = ""
    """Schemes of apprise that channels may use; empty: those that talk to services only."""
    vault: Vault | None = field(default=None, repr=False)
    """Opens the key of push messages; None: none are sent."""
    subject_key: str | None = field(default=None, repr=False)
    """Secret by which parties are hashed; None: nothing of them is stored."""
    media_dir: Path | None = None
    """Folder of photographs and recordings, of which old ones are dropped; None: there is none."""
    copy: bool = True
    """False for a database that cannot take COPY (TimescaleDB in WebAssembly)."""
    receive_maximum: int = RECEIVE_MAXIMUM
    limits: BatchLimits = field(default_factory=BatchLimits)

    @property
    def served(self) -> list[str] | None:
        """The units at the start; None for all."""
        if self.shares:
            return []
        return None if "+" in self.units else list(self.units)

    @property
    def shares(self) -> bool:
        """Whether the units are allotted to the workers that say so."""
        return self.units == (SHARED,)
