"""The product as its users run it: `patrol …` as a real process, spoken to over HTTP and MQTT."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil

from patrol.services import children
from tests.support import ports, waiting

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Product:
    """One `patrol demo` or `patrol serve`, or another command, on free ports and a data folder of its own."""

    data_dir: Path
    env: Mapping[str, str] = field(default_factory=dict)
    http_port: int = field(default_factory=ports.free_port)
    mqtt_port: int = field(default_factory=ports.free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    token: str = field(default_factory=lambda: "test_" + secrets.token_urlsafe(24))
    left_out: tuple[str, ...] = ()
    """Options that are not given, so that `env` can say otherwise."""
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Address of the map."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def mqtt_url(self) -> str:
        """Address of the broker of `patrol demo`."""
        return f"mqtt://127.0.0.1:{self.mqtt_port}"

    @property
    def output(self) -> str:
        """What it wrote to its standard output and error so far."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    def start(self, *command: str) -> None:
        """Start a command that runs on; standard output is a file, not a terminal."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._output.open("ab") as output:
            self.process = children.spawn(self._command(command), log=output, env=self._env(), cwd=ROOT)

    def run(self, *command: str, within: float = 60) -> "subprocess.CompletedProcess[str]":
        """Run a command that ends."""
        limit = within * waiting.PATIENCE
        return subprocess.run(
            self._command(command),
            env=self._env(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )

    def wait_ready(self, *, within: float = 60) -> float:
        """Wait until /readyz says ready; return the seconds it took."""
        started = time.monotonic()
        waiting.until_sync(self._ready, f"{self.url}/readyz is 200", within=within)
        return time.monotonic() - started

    def wait_said(self, text: str, *, within: float = 60) -> None:
        """Wait until it has written `text`."""
        waiting.until_sync(lambda: self._alive() and text in self.output, f"it says {text!r}", within=within)

    def stop(self, how: signal.Signals = signal.SIGINT) -> float:
        """Ask it to end as a person would and wait; return the seconds it took."""
        started = time.monotonic()
        if self.process is not None:
            children.stop(self.process, how=how, within=25 * waiting.PATIENCE)
        return time.monotonic() - started

    def processes(self) -> list[psutil.Process]:
        """All processes it started, and theirs, living now."""
        assert self.process is not None
        processes: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return processes

    def child(self, name: str) -> psutil.Process:
        """The process of one part: worker, web or sim."""
        return waiting.until_sync(lambda: self.find(name), f"a {name} runs")

    def find(self, name: str) -> psutil.Process | None:
        """The process of one part; None when there is none at the moment."""
        for process in self.processes():
            try:
                if process.cmdline()[2:4] == ["patrol", name]:
                    return process
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return None

    def client(self) -> httpx2.Client:
        """An HTTP client with the administrator's token."""
        return httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)

    def get(self, path: str, **query: Any) -> Any:
        """Answer of the API to a GET below /api/v1."""
        with self.client() as client:
            answer = client.get(f"/api/v1/{path}", params=query)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    def devices(self) -> dict[str, Any]:
        """All devices by their id, the name in their topic."""
        items: list[Any] = []
        cursor: dict[str, Any] = {}
        while True:
            page = self.get("devices", limit=500, **cursor)
            items += page["items"]
            if page["next"] is None:
                return {item["id"]: item for item in items}
            cursor = {"cursor": page["next"]}

    @property
    def _output(self) -> Path:
        return self.data_dir / "output.txt"

    def _command(self, command: tuple[str, ...]) -> list[str]:
        places = {"--data-dir": self.data_dir, "--http-port": self.http_port, "--mqtt-port": self.mqtt_port}
        given = [word for name, value in places.items() if name not in self.left_out for word in (name, str(value))]
        return [sys.executable, "-m", "patrol", *command, *given]

    def _env(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PATROL_")}
        return {**ours, "PATROL_ADMIN_PASSWORD": self.password, "PATROL_API_TOKEN": self.token, **self.env}

    def _alive(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"patrol ended with {self.process.returncode}:\n{self.output[-3000:]}\n{self._logs()}")
        return True

    def _ready(self) -> bool:
        self._alive()
        try:
            return httpx2.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def _logs(self) -> str:
        return "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in (self.data_dir / "logs").glob("*.log"))


async def until_gone(processes: list[psutil.Process], *, within: float = 15) -> None:
    """Wait until none of the processes lives any more."""

    async def gone() -> bool:
        return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)

    await waiting.until(gone, f"{[p.pid for p in processes]} are gone", within=within)
