"""A real Mosquitto on a free loopback port, with a configuration of its own or the one that the product writes."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from ingest.units import broker_accounts
from patrol.services import children, mosquitto
from tests.support import missing, ports, waiting
from tracking.city.device_grant import DeviceGrant

_PLACES = "/usr/sbin:/usr/local/sbin"  # Debian puts it where ordinary users do not look
_PLUGIN = "mosquitto_dynamic_security.so"
_PLUGINS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib")
_OTHER = os.environ.get("PATROL_TEST_MOSQUITTO", "")
"""Folder with the programs and the plugin of another Mosquitto than the system's; empty: the system's."""


@dataclass(slots=True)
class Mosquitto:
    """A broker on `port`. With `persistence` its sessions and queued messages survive `restart`."""

    folder: Path
    persistence: bool = False
    port: int = field(default_factory=ports.free_port)
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


@contextmanager
def configured(
    folder: Path, listener: mosquitto.Listener, grants: Sequence[DeviceGrant], *, key: str, server: tuple[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """A broker with the configuration that `patrol broker config` writes, while the body runs."""
    user = "root" if os.geteuid() == 0 else None
    places = mosquitto.BrokerPaths(folder=folder, data=folder, plugin=plugin(), user=user)
    places.configuration.write_text(mosquitto.configuration(places, listener))
    salts = map(secrets.token_bytes, repeat(12))
    places.state.write_text(json.dumps(broker_accounts.document(grants, key, server=server, salts=salts)))
    with running(places, listener.port) as process:
        yield process


@contextmanager
def running(places: mosquitto.BrokerPaths, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A broker with the configuration of `places`, which listens on `port`, while the body runs."""
    places.data.mkdir(exist_ok=True)
    with (places.data / "log").open("wb") as log:
        process = children.spawn([program("mosquitto"), "-c", str(places.configuration)], log=log)
    try:
        waiting.until_sync(lambda: waiting.listens(port), f"Mosquitto listens ({places.data / 'log'})")
        yield process
    finally:
        children.stop(process)


def program(name: str) -> str:
    """Path of `mosquitto` or one of its tools."""
    found = shutil.which(name, path=_OTHER or f"{os.environ.get('PATH', '')}:{_PLACES}")
    if found is None:
        missing.missing("Mosquitto", "install it, for example with: sudo apt-get install mosquitto")
    return found


def plugin() -> Path:
    """Path of the dynamic-security plugin."""
    found = [file for folder in ((_OTHER,) if _OTHER else _PLUGINS) if (file := Path(folder) / _PLUGIN).exists()]
    if found:
        return found[0]
    return missing.missing("Mosquitto's dynamic-security plugin", "install it, with: sudo apt-get install mosquitto")
