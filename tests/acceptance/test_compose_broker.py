"""The broker of docker-compose.yml without containers: its commands and its health check as plain processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
import trustme
import yaml

from patrol.checks import connectivity
from patrol.cli import errors
from patrol.services import children
from schemas.broker import Broker
from tests.support import mosquitto, ports, waiting
from tracking.city import device_grant
from tracking.store.tracks import device_access

ROOT = Path(__file__).parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
IN_IMAGE = "/usr/lib/mosquitto_dynamic_security.so"
CONTAINER = "/mosquitto/"
PASSWORD = "0123456789abcdef" * 3
KEY = "k" * 64


class Place:
    """Where the containers' folders and ports are on this machine."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder, self.database_url = folder, database_url
        self.devices, self.inside = ports.free_port(), ports.free_port()
        url = SERVICES["worker"]["environment"]["PATROL_MQTT_URL"]
        self.inside_in_container = str(Broker.parse(url.partition("${")[0] + "x@" + url.rpartition("@")[2]).port)
        for name in ("config", "data", "tls"):
            (folder / name).mkdir()

    @property
    def server_url(self) -> str:
        """Where our own processes find the broker."""
        return f"mqtt://patrol-server:{PASSWORD}@127.0.0.1:{self.inside}"

    def moved(self, word: str) -> str:
        """A word of a command with the paths of this machine instead of the container's."""
        return f"{self.folder}/{word.removeprefix(CONTAINER)}" if word.startswith(CONTAINER) else word

    def configure(self, service: str) -> None:
        """Run the service that writes the broker's configuration, as compose would."""
        words = [
            str(mosquitto.plugin()) if word == IN_IMAGE else self.moved(word) for word in SERVICES[service]["command"]
        ]
        at = words.index("--inside") + 1
        assert words[at] == self.inside_in_container
        words[at] = str(self.inside)
        words += ["--port", str(self.devices), "--listen", "127.0.0.1"]
        words += ["--user", "root"] if os.geteuid() == 0 else []
        env = {"PATROL_DATABASE_URL": self.database_url, "PATROL_MQTT_URL": self.server_url, "PATROL_DEVICE_KEY": KEY}
        command = [sys.executable, "-m", "patrol", *words]
        subprocess.run(command, env={**os.environ, **env}, cwd=ROOT, check=True, capture_output=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The broker by the service's own command, while the body runs."""
        program, *words = SERVICES["mqtt"]["command"]
        with (self.folder / "log").open("wb") as log:
            process = children.spawn([mosquitto.program(program), *map(self.moved, words)], log=log)
        try:
            waiting.until_sync(lambda: waiting.listens(self.devices), f"the broker listens ({self.folder / 'log'})")
            yield
        finally:
            children.stop(process)

    def healthy(self, password: str = PASSWORD) -> bool:
        """Whether the service's health check passes."""
        kind, command = SERVICES["mqtt"]["healthcheck"]["test"]
        assert (kind, f"-p {self.inside_in_container} " in command) == ("CMD-SHELL", True)
        # Compose puts no variable where the dollar is doubled; the rest is the shell's.
        command = command.replace("$$", "$").replace(f"-p {self.inside_in_container} ", f"-p {self.inside} ")
        path = f"{Path(mosquitto.program('mosquitto_sub')).parent}:{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "PASSWORD": password}
        return subprocess.run(["sh", "-c", command], env=env, check=False, capture_output=True).returncode == 0


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Place:
    """The folders of the containers, with a certificate for the broker."""
    made = Place(tmp_path, database_url)
    issued = trustme.CA().issue_cert("127.0.0.1")
    (tmp_path / "tls/server.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(tmp_path / "tls/server.key")
    return made


@pytest.mark.parametrize("service", ["mqtt-config", "mqtt-config-tls"])
async def test_broker_starts_is_healthy_and_lets_the_server_in(place: Place, service: str) -> None:
    """By the very commands of the file; the health check fails for a wrong password and for a broker that is gone."""
    place.configure(service)
    with place.running():
        waiting.until_sync(place.healthy, "the broker is healthy")
        assert not place.healthy("wrong")
        await connectivity.log_in(place.server_url)
    assert not place.healthy()
    with pytest.raises(errors.SetupError, match="No broker answers"):
        await connectivity.log_in(place.server_url)


async def test_devices_come_in_with_any_client_id_and_take_nobodys_session(place: Place, database_url: str) -> None:
    """Those in the field need no change, and the health check's session and the worker's are out of their reach."""
    async with connectivity.connected(database_url) as conn:
        grant, _ = await device_access.add(conn, "cam-1", "u", label=None, datum="wgs84")
    place.configure("mqtt-config")
    server = Broker.parse(place.server_url)
    with place.running():
        async with aiomqtt.Client(
            "127.0.0.1", place.inside, username=server.user, password=server.password, identifier="patrol-worker-1"
        ) as worker:
            await worker.subscribe("patrol/v1/+/+/fix", qos=1)
            for client_id in ("anything", "patrol-worker-1", "patrol-health", "cam-1"):
                async with aiomqtt.Client(
                    "127.0.0.1", place.devices, username="cam-1", identifier=client_id,
                    password=device_grant.password(KEY, "cam-1", grant.generation),
                ) as device:  # fmt: skip
                    await device.publish("patrol/v1/u/cam-1/fix", client_id, qos=1)
                assert (await anext(worker.messages)).payload == client_id.encode()


def test_broker_runs_without_rights_that_it_does_not_need() -> None:
    """As its own user, on a file system of which it writes its volumes only, with a socket for each device."""
    service = SERVICES["mqtt"]
    assert (service["user"], service["read_only"], service["cap_drop"]) == ("1883:1883", True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["ulimits"]["nofile"] >= 200_000
    published = service["ports"][0].rpartition(":")[2].rstrip("}")
    assert published == "1883"
