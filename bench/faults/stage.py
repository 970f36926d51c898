"""The stage of the fault suite: broker, database and `patrol serve` as real processes, with a proxy on every way.

Broker and database are started again when they end, as a service manager does; worker and web process are started
again by `patrol serve` itself. Their stores lie on small file systems in memory where we may make such.
"""

import asyncio
import contextlib
import itertools
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import msgspec
import psutil

from bench import towns
from bench.faults import silence
from bench.faults.disks import small_disks
from bench.faults.proxy import Proxy
from ingest.units import broker_accounts
from patrol.cli import errors
from patrol.cli.imports import grid_import
from patrol.services import children, mosquitto, postgres
from tracking.city import device_grant
from tracking.store.tracks import device_access

ROOT = Path(__file__).parents[2]
CELLS = 24
"""Of the town, so that its own alerts do not hide those of the run."""
SETTINGS = {"max_wal_size": "192MB", "min_wal_size": "48MB"}
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
"""By which clocks are stepped; None: it is not installed."""
_SERVER = "patrol-server"
_PLUGINS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib")
_PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


@dataclass(eq=False)
class Stage:
    """All processes, and what is known of them."""

    folder: Path
    small_disks: bool
    devices: Mapping[str, str]
    """Names of the devices to enrol → their units."""
    http_port: int = field(default_factory=children.free_port)
    mqtt_port: int = field(default_factory=children.free_port)
    inside_port: int = field(default_factory=children.free_port)
    """Where the broker listens for our own processes."""
    device_key: str = field(default_factory=lambda: secrets.token_hex(32))
    secret: str = field(default_factory=lambda: secrets.token_hex(24))
    """Password of our account at the broker."""
    token: str = field(default_factory=lambda: "test_" + secrets.token_urlsafe(24))
    down: set[str] = field(default_factory=set)
    """Services that are down on purpose."""
    restarts: int = 0
    """Times that a service ended by itself and was started again."""
    network: dict[str, Proxy] = field(default_factory=dict)
    database: postgres.EmbeddedPostgres = field(init=False)
    broker: "subprocess.Popen[bytes] | None" = None
    server: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Address of the web process."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def database_url(self) -> str:
        """Address of the database itself, past the proxy."""
        return self.database.url

    @property
    def clock_file(self) -> Path:
        """By how much the clock of `patrol serve` is off, in the words of libfaketime."""
        return self.folder / "clock"

    async def start(self) -> None:
        """Start everything, with an empty database and a small town."""
        self.database = postgres.EmbeddedPostgres(self.folder / "database", settings=SETTINGS)
        await self.database.start()
        self.network = {
            "devices": Proxy(self.mqtt_port),
            "server-broker": Proxy(self.inside_port),
            "server-database": Proxy(self._database_port()),
        }
        for proxy in self.network.values():
            await proxy.start()
        await asyncio.to_thread(self._migrate)
        await self._enrol()
        self.start_broker()
        await grid_import.import_data(self.database.url, await asyncio.to_thread(small_town))
        self._serve()

    async def keep(self) -> None:
        """Start again what ended by itself, until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            if "database" not in self.down and self.database.process.poll() is not None:
                self.restarts += 1
                await self.start_database()
            if "broker" not in self.down and self.broker is not None and self.broker.poll() is not None:
                self.restarts += 1
                self.start_broker()

    async def start_database(self) -> None:
        """Start the database again, trying until it comes up."""
        while True:
            try:
                await self.database.start()
                break
            except errors.SetupError:
                await asyncio.sleep(0.5)  # processes of the one before are ending
        self.network["server-database"].target = self._database_port()

    def start_broker(self) -> None:
        """Start the broker with what it has on disk."""
        program = shutil.which("mosquitto", path=_PLACES)
        if program is None:
            raise SystemExit("The fault suite needs Mosquitto: sudo apt-get install mosquitto")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.broker = children.spawn([program, "-c", str(self._places.configuration)], log=log)

    def password(self, name: str) -> str:
        """Password of a device."""
        return device_grant.password(self.device_key, name, 1)

    async def _enrol(self) -> None:
        """Enrol the devices and write what the broker needs, as `patrol broker config` does."""
        conn = await asyncpg.connect(self.database.url)
        try:
            for name, unit in self.devices.items():
                async with conn.transaction():
                    await device_access.add(conn, name, unit, label=None, datum="wgs84")
            grants, _ = await device_access.everything(conn)
        finally:
            await conn.close()
        state = broker_accounts.document(
            grants.values(), self.device_key, server=(_SERVER, self.secret),
            salts=(secrets.token_bytes(12) for _ in itertools.count()),
        )  # fmt: skip
        places = self._places
        places.state.write_text(json.dumps(state))
        listener = mosquitto.Listener(port=self.mqtt_port, address="127.0.0.1", inside=self.inside_port)
        places.configuration.write_text(mosquitto.configuration(places, listener))

    @property
    def _places(self) -> mosquitto.BrokerPaths:
        user = "root" if os.geteuid() == 0 else None
        return mosquitto.BrokerPaths(folder=self.folder, data=self.folder / "broker", plugin=_plugin(), user=user)

    def stop(self) -> None:
        """Stop everything, as it should be stopped."""
        for process in (self.server, self.broker):
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGCONT)
                children.stop(process, within=20)
        with contextlib.suppress(RuntimeError):
            signal_all(self.database.process.pid, signal.SIGCONT)
        self.database.stop()

    def part(self, name: str) -> psutil.Process | None:
        """The process of a part of `patrol serve`, None when there is none at the moment."""
        assert self.server is not None
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self.server.pid).children():
                with contextlib.suppress(psutil.Error):
                    if process.cmdline()[2:4] == ["patrol", name]:
                        return process
        return None

    @property
    def env(self) -> dict[str, str]:
        """Surroundings of our processes: every way leads through a proxy."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PATROL_")}
        database = self.database.url.replace(f":{self._database_port()}/", f":{self.network['server-database'].port}/")
        clock = {
            "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock_file),
            "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
        }  # fmt: skip
        return {
            **ours,
            **({} if FAKETIME is None else clock),
            "PATROL_DATABASE_URL": database,
            "PATROL_MQTT_URL": f"mqtt://{_SERVER}:{self.secret}@127.0.0.1:{self.network['server-broker'].port}",
            "PATROL_BROKER_ACCOUNTS": "mosquitto",
            "PATROL_DEVICE_KEY": self.device_key,
            "PATROL_DATA_DIR": str(self.folder / "data"),
            "PATROL_HTTP_PORT": str(self.http_port),
            "PATROL_API_TOKEN": self.token,
            "PATROL_ADMIN_PASSWORD": self.token,
            "PATROL_NOTIFY_ALLOW": "127.0.0.0/8",
        }

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of ours that ends."""
        return subprocess.run(
            [sys.executable, "-m", "patrol", *words],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def _migrate(self) -> None:
        done = self.command("migrate")
        if done.returncode:
            raise SystemExit(f"patrol migrate failed: {done.stderr}")

    def _serve(self) -> None:
        self.clock_file.write_text("+0\n")
        with (self.folder / "serve.log").open("ab") as log:
            self.server = children.spawn([sys.executable, "-m", "patrol", "serve"], log=log, env=self.env, cwd=ROOT)

    def _database_port(self) -> int:
        address = postgres.recorded(self.folder / "database")
        assert address is not None
        return address.port


@contextlib.asynccontextmanager
async def stage(devices: Mapping[str, str]) -> AsyncIterator[Stage]:
    """Set the stage for devices (name → unit) in a folder that is removed in the end."""
    with tempfile.TemporaryDirectory(prefix="patrol-faults-") as name, small_disks(Path(name)) as small:
        made = Stage(Path(name), small_disks=small, devices=devices)
        try:
            await made.start()
            keeping = asyncio.create_task(made.keep())
            try:
                yield made
            finally:
                keeping.cancel()
                for proxy in made.network.values():
                    await proxy.stop()
        finally:
            silence.remove()
            await asyncio.to_thread(made.stop)
            _keep_logs(made)


def _plugin() -> Path:
    found = (Path(folder) / "mosquitto_dynamic_security.so" for folder in _PLUGINS)
    plugin = next((path for path in found if path.exists()), None)
    if plugin is None:
        raise SystemExit("The fault suite needs Mosquitto's dynamic-security plugin: sudo apt-get install mosquitto")
    return plugin


def _keep_logs(made: Stage) -> None:
    """Copy the logs to the folder that PATROL_FAULTS_LOGS names, for those who look for a cause."""
    wanted = os.environ.get("PATROL_FAULTS_LOGS")
    if wanted is not None:
        place = Path(wanted)
        place.mkdir(parents=True, exist_ok=True)
        found = [*made.folder.glob("*.log"), *(made.folder / "data" / "logs").glob("*.log*")]
        for path in [*found, made.folder / "database" / "postgres.log"]:
            if path.exists():
                shutil.copy(path, place / path.name)


def signal_all(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and all its children."""
    with contextlib.suppress(psutil.Error):
        main = psutil.Process(pid)
        for process in [main, *main.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)


def small_town() -> bytes:
    """The first cells of the synthetic town with the areas above them."""
    return towns.encoded(towns.features(CELLS))


def places() -> list[tuple[float, float]]:
    """Middles of the cells, (lat, lon)."""
    features = msgspec.json.decode(small_town())["features"]
    rings = [each["geometry"]["coordinates"][0] for each in features if each["properties"]["kind"] == "cell"]
    return [(sum(p[1] for p in ring) / len(ring), sum(p[0] for p in ring) / len(ring)) for ring in rings]
