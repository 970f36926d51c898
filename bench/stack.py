"""Services of a bench: Mosquitto, PostgreSQL and processes of the product, with the CPU time of each."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.load import Plan
from patrol.cli.imports import grid_import
from patrol.services import children, migrate, mosquitto, postgres

ROOT = Path(__file__).parents[1]
START_S = 60.0
_PLACES = "/usr/sbin:/usr/local/sbin"


@dataclass(frozen=True, kw_only=True)
class Services:
    """A broker and a database with the synthetic town."""

    folder: Path
    mqtt_port: int
    database_url: str
    broker: psutil.Process
    database: psutil.Process
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """Of the administrator, for REST and the live websocket."""

    @property
    def mqtt_url(self) -> str:
        """Address of the broker."""
        return f"mqtt://127.0.0.1:{self.mqtt_port}"

    @property
    def env(self) -> dict[str, str]:
        """Surroundings of our processes."""
        return {
            **os.environ,
            "PATROL_DATABASE_URL": self.database_url,
            "PATROL_MQTT_URL": self.mqtt_url,
            "PATROL_DATA_DIR": str(self.folder / "data"),
            "PATROL_AUTO_ENROL": "true",
            "PATROL_API_TOKEN": self.token,
        }


@asynccontextmanager
async def services(*, settings: Mapping[str, str] | None = None, grid: bytes | None = None) -> AsyncIterator[Services]:
    """Start both, on loopback, in a folder that is removed in the end; `grid` None is the synthetic town."""
    with tempfile.TemporaryDirectory(prefix="patrol-bench-") as name:
        folder = Path(name)
        server = postgres.EmbeddedPostgres(folder / "postgres", settings=settings or {})
        await server.start()
        try:
            await migrate.migrate(server.url)
            if grid is None:
                await grid_import.import_town(server.url)
            else:
                refused = await grid_import.import_data(server.url, grid)
                assert not isinstance(refused, list), refused[:3]
            with _mosquitto(folder) as (port, broker):
                yield Services(
                    folder=folder,
                    mqtt_port=port,
                    database_url=server.url,
                    broker=psutil.Process(broker.pid),
                    database=psutil.Process(server.process.pid),
                )
        finally:
            server.stop()


@contextmanager
def _mosquitto(folder: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:{_PLACES}")
    if program is None:
        raise SystemExit("The bench needs Mosquitto: sudo apt-get install mosquitto")
    port = children.free_port()
    places = mosquitto.BrokerPaths(folder=folder, data=folder, plugin=Path("/none"))
    lines = mosquitto.configuration(places, mosquitto.Listener(port=port, address="127.0.0.1")).splitlines()
    # The production configuration but for accounts, which the load has none of.
    kept = [line for line in lines if not line.startswith(("plugin", "allow_anonymous", "persistence"))]
    places.configuration.write_text("\n".join([*kept, "allow_anonymous true", "user root"]))
    with (folder / "mosquitto.log").open("ab") as log:
        process = children.spawn([program, "-c", str(places.configuration)], log=log)
    try:
        yield port, process
    finally:
        children.stop(process)


@contextmanager
def running(command: list[str], env: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a Python module as a process for the length of the context."""
    with log.open("ab") as output:
        process = children.spawn([sys.executable, "-m", *command], log=output, env=env, cwd=ROOT)
    try:
        yield process
    finally:
        children.stop(process, within=10)


@contextmanager
def web(
    services: Services, module: str = "patrol", more: Mapping[str, str] | None = None
) -> Iterator[tuple[int, psutil.Process]]:
    """Run a web process; its port and it. `module` is run in place of `patrol`; `more` goes into its surroundings."""
    port, log = children.free_port(), services.folder / "web.log"
    env = services.env | {"PATROL_HTTP_PORT": str(port), "PATROL_LOG_FORMAT": "json", **(more or {})}
    with running([module, "web"], env, log) as process:
        deadline = time.monotonic() + START_S
        while not _answers(port):
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit(f"The web process does not start: {log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield port, psutil.Process(process.pid)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
    except OSError:
        return False
    return True


@dataclass(eq=False)
class Load:
    """A running `bench.load`."""

    process: "subprocess.Popen[bytes]"
    sent: int = 0
    acknowledged: int = 0
    _rest: bytes = b""
    _fd: int = field(init=False)

    def __post_init__(self) -> None:
        assert self.process.stdout is not None
        self._fd = self.process.stdout.fileno()
        os.set_blocking(self._fd, False)

    def tell(self, line: str) -> None:
        """Send it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hear(self) -> None:
        """Read what it has said.

        Raises:
            RuntimeError: it has ended.
        """
        try:
            data = os.read(self._fd, 1 << 20)
        except BlockingIOError:
            return
        if not data and self.process.poll() is not None:
            raise RuntimeError("the load has ended: see what it wrote above")
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines:
            said = json.loads(lines[-1])
            self.sent, self.acknowledged = said["sent"], said["acknowledged"]


@contextmanager
def load(plan: Plan) -> Iterator[Load]:
    """Run a load for the length of the context."""
    arguments = json.dumps(plan.__dict__)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load", arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    made = Load(process)
    try:
        yield made
    finally:
        if process.poll() is None:
            made.tell("stop")
        process.wait(10)
        made.hear()


def cpu(process: psutil.Process) -> float:
    """Seconds of processor that a process and its children have used; ended children count with their parent."""
    spent = 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
        if each is process:
            spent += times.children_user + times.children_system
    return spent


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "unknown",
    )
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": sys.version.split()[0],
        "busy_before": os.getloadavg()[0],
        "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }
