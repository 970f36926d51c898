"""Configuration of a worker."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ingest.run.mqtt.session import RECEIVE_MAXIMUM
from ingest.run.path.pipeline import BatchLimits
from runtime.vault import Vault

SHARED = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """Configuration of a worker."""

    database_url: str
    mqtt_url: str
    worker_id: str = "worker-1"
    units: tuple[str, ...] = ("+",)
    """Units served; "+" is all, "shared" the part of this worker."""
    auto_enrol: bool = False
    on_ready: Callable[[], None] = lambda: None
    """Called once, when messages are received."""
    device_key: str | None = field(default=None, repr=False)
    """Device key to update accounts in Mosquitto; None: accounts are managed elsewhere."""
    notify_allow: str = ""
    """Private networks and host names that notifications may be sent to."""
    notify_services: str = ""
    """Apprise schemes that channels may use; empty: those that call public services only."""
    vault: Vault | None = field(default=None, repr=False)
    """Decrypts the push key; None: no push messages."""
    subject_key: str | None = field(default=None, repr=False)
    """Key for hashing parties; None: parties are not stored."""
    media_dir: Path | None = None
    """Folder of photographs and recordings for retention; None: none."""
    copy: bool = True
    """False for a database without COPY (TimescaleDB in WebAssembly)."""
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
        """Whether units are shared among workers."""
        return self.units == (SHARED,)
