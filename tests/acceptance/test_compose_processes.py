"""The commands and health checks of docker-compose.yml as plain processes, with a real database and broker."""

import asyncio
import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from patrol.services import children, postgres
from patrol.services.postgres import EmbeddedPostgres
from tests.contract.test_compose import ENV, FILE
from tests.support import waiting
from tests.support.compose import Compose
from tests.support.mosquitto import Mosquitto
from tests.support.ports import free_port

ENDS = ("migrate",)
STAYS = ("worker", "web", "worker-more", "web-more")


class Site:
    """What the containers find around them: hosts and folders of their own become ours."""

    def __init__(self, folder: Path, database: str, broker: Mosquitto) -> None:
        parts = urlsplit(database)
        secrets = ENV | {name: f"a-secret-of-tests-{name}" for name in ENV}
        secrets |= {"PATROL_DATABASE_PASSWORD": parts.password or "", "PATROL_UNITS": "shared"}
        self.services = Compose.load(FILE, secrets).active(["plain", "scale"])
        self._folder = folder
        self._places = {
            "@db:5432/patrol": f"@{parts.hostname}:{parts.port}/patrol",
            "@mqtt:1884": f"@127.0.0.1:{broker.port}",
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - replaced, not bound
            "/var/lib/patrol": str(folder / "lib"),
            "/tmp/patrol": str(folder / "tmp"),  # noqa: S108 - as it stands in the file
        }
        self._database_port = str(parts.port)

    def env(self, name: str, ports: dict[str, str]) -> dict[str, str]:
        """Surroundings of a container; nothing of ours but the search path."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self._folder)}
        for variable, value in self.services[name]["environment"].items():
            text = str(value)
            for theirs, ours in self._places.items():
                text = text.replace(theirs, ours)
            env[variable] = ports.get(text, text)
        return env

    def start(self, name: str, ports: dict[str, str]) -> "subprocess.Popen[bytes]":
        """Start a container's process."""
        command = [sys.executable, "-m", "patrol", *self.services[name]["command"]]
        env = self.env(name, ports) | {"PATROL_HTTP_PORT": ports["8000"], "PATROL_WORKER_ID": name}
        with (self._folder / f"{name}.log").open("ab") as log:
            return children.spawn(command, log=log, env=env, cwd=self._folder)

    def said(self, name: str) -> str:
        """What it wrote."""
        return (self._folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def is_healthy(self, name: str, ports: dict[str, str]) -> bool:
        """Run the health check of a service, its ports put in."""
        return _check(self.services[name]["healthcheck"]["test"], ports, {"PGPORT": self._database_port})


def _check(test: list[str], ports: dict[str, str], env: dict[str, str]) -> bool:
    how, *words = test
    for theirs, ours in ports.items():
        words = [re.sub(rf":{theirs}\b", f":{ours}", word) for word in words]
    command = ["/bin/sh", "-c", *words] if how == "CMD-SHELL" else [sys.executable, *words[1:]]
    assert how == "CMD-SHELL" or words[0] == "python"
    programs = Path(postgres._program("psql")).parent
    done = subprocess.run(
        command,
        env={**os.environ, **env, "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, own_folder: Any) -> Iterator[Site]:
    """A database whose owner is the account of the file, and a broker."""
    server, broker = EmbeddedPostgres(own_folder()), Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    asyncio.run(server.start())
    broker.start()
    yield Site(tmp_path_factory.mktemp("compose"), server.url, broker)
    broker.stop()
    server.stop()


def test_containers_start_in_order_and_become_healthy(site: Site) -> None:
    """The database passes its check, the tables are made, then all that stays becomes healthy and ends well."""
    assert site.is_healthy("db", {})
    for name in ENDS:
        process = site.start(name, {"8000": "1"})
        assert process.wait(60 * waiting.PATIENCE) == 0, site.said(name)
    running = {}
    for name in STAYS:
        ports = {"8000": str(free_port()), "9100": str(free_port())}
        running[name] = (site.start(name, ports), ports)
    try:
        for name, (process, ports) in running.items():
            probe = functools.partial(_healthy, site, name, process, ports)
            waiting.until_sync(probe, f"{name} is healthy", within=60)
    finally:
        for process, _ in running.values():
            children.stop(process, within=20 * waiting.PATIENCE)
    assert {name: process.returncode for name, (process, _) in running.items()} == dict.fromkeys(STAYS, 0)


def _healthy(site: Site, name: str, process: "subprocess.Popen[bytes]", ports: dict[str, str]) -> bool:
    assert process.poll() is None, site.said(name)
    return site.is_healthy(name, ports)


def test_health_check_notices_what_does_not_answer(site: Site) -> None:
    """Each check fails where nobody listens."""
    nobody = {"8000": str(free_port()), "9100": str(free_port())}
    for name in STAYS:
        assert not site.is_healthy(name, nobody)
    assert not _check(site.services["db"]["healthcheck"]["test"], {}, {"PGPORT": nobody["8000"]})
