"""The embedded MQTT broker: rumqttd from the iotcore wheel in a process of its own, on loopback only.

MQTT 3.1.1 and 5 on one port (`protocol_proxy.py`). Messages and sessions are in memory: they survive restarts of the
server's processes, but not of the broker.
"""

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from patrol.cli import errors
from patrol.services import children, listening, logfiles

_HOST = "127.0.0.1"
_START_SECONDS = 20.0
MAX_PAYLOAD_BYTES = 16 << 20  # above the limit of the worker, so that the worker refuses and counts larger messages

_CONFIG = """\
id = 0
[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
# What is not yet delivered waits here, per topic filter; beyond segments x size the oldest is dropped.
max_segment_size = 104857600
max_segment_count = 10
{listeners}"""

_LISTENER = """
[{version}.1]
name = "{version}"
listen = "{host}:{port}"
next_connection_delay_ms = 0
[{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload}
max_inflight_count = 1000
dynamic_filters = true
"""


@dataclass(slots=True)
class EmbeddedBroker:
    """A broker on `port`; `folder` holds its configuration and log."""

    folder: Path
    port: int
    _direct_port: int = 0
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Address for devices, either version of MQTT."""
        return f"mqtt://{_HOST}:{self.port}"

    @property
    def direct_url(self) -> str:
        """Address of the MQTT 5 listener behind the protocol proxy, for the processes of the server."""
        return f"mqtt://{_HOST}:{self._direct_port}"

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The broker's process."""
        if self._process is None:
            raise RuntimeError("the broker has not been started")
        return self._process

    async def start(self) -> None:
        """Start it and return when it takes connections.

        Raises:
            SetupError: the port is taken, or the broker does not start.
        """
        listening.check_port(_HOST, self.port, "--mqtt-port")
        port_of_3, self._direct_port = children.free_port(), children.free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "rumqttd.toml"
        config.write_text(_configuration(port_of_3, self._direct_port))
        ports = [str(port) for port in (self.port, port_of_3, self._direct_port)]
        with logfiles.appending(self._log) as log:
            self._process = children.spawn(
                [sys.executable, "-m", "patrol.services.broker_process", str(config), *ports], log=log
            )
        await self._wait_until_ready([self.port, port_of_3, self._direct_port])

    def stop(self) -> None:
        """Stop it; its messages and sessions are lost."""
        if self._process is not None:
            children.stop(self._process)

    @property
    def _log(self) -> Path:
        return self.folder / "broker.log"

    async def _wait_until_ready(self, ports: list[int]) -> None:
        try:
            async with asyncio.timeout(_START_SECONDS):
                for port in ports:
                    while not await _accepts(port):
                        self._check_alive()
                        await asyncio.sleep(0.03)  # there is no event for "listening"
        except TimeoutError as fault:
            self.stop()
            raise errors.SetupError(
                f"The broker did not start within {_START_SECONDS:.0f} s; see {self._log}"
            ) from fault

    def _check_alive(self) -> None:
        if self.process.poll() is not None:
            lines = self._log.read_text(errors="replace").splitlines()
            raise errors.SetupError(
                f"The broker did not start: {lines[-1] if lines else 'no reason given'} (log: {self._log})"
            )


def _configuration(port_of_3: int, port_of_5: int) -> str:
    listeners = [
        _LISTENER.format(version=version, host=_HOST, port=port, max_payload=MAX_PAYLOAD_BYTES)
        for version, port in (("v4", port_of_3), ("v5", port_of_5))
    ]
    return _CONFIG.format(listeners="".join(listeners))


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(_HOST, port)
    except OSError:
        return False
    writer.close()
    return True
