"""A real Mosquitto on a free loopback port."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from patrol.services import children
from tests.support import missing, waiting

_PLACES = "/usr/sbin:/usr/local/sbin"  # Debian puts it where ordinary users do not look


@dataclass(slots=True)
class Mosquitto:
    """A broker on `port`. With `persistence` its sessions and queued messages survive `restart`."""

    folder: Path
    persistence: bool = False
    port: int = field(default_factory=children.free_port)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Address as the settings take it."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and return when it listens."""
        config = self.folder / "mosquitto.conf"
        config.write_text(self._config())
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = children.spawn([program("mosquitto"), "-c", str(config)], log=log)
        waiting.until_sync(self._ready, "Mosquitto listens")

    def stop(self) -> None:
        """Stop it; with persistence it writes its state first."""
        if self._process is not None:
            children.stop(self._process)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Stop and start it on the same port."""
        self.stop()
        self.start()

    def _ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            log = (self.folder / "mosquitto.log").read_text(errors="replace")
            raise AssertionError(f"Mosquitto ended at its start: {log[-500:]}")
        return waiting.listens(self.port)

    def _config(self) -> str:
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "max_queued_messages 0",  # 0: no limit; the default of 1,000 drops silently
            "max_inflight_messages 0",
            f"persistence {'true' if self.persistence else 'false'}",
            f"persistence_location {self.folder}/",
        ]
        if os.geteuid() == 0:
            lines.append("user root")
        return "\n".join(lines) + "\n"


def program(name: str) -> str:
    """Path of `mosquitto` or one of its tools."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_PLACES}")
    if found is None:
        missing.missing("Mosquitto", "install it, for example with: sudo apt-get install mosquitto")
    return found
