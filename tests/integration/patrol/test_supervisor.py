"""The supervisor with a real web process: what dies, hangs or cannot be started is started again."""

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import pytest
from structlog.testing import capture_logs

from patrol.services.part import Health, Part
from patrol.services.supervisor import Supervisor, supervise
from tests.support import ports
from tests.support.waiting import until


@dataclass
class Kept:
    """A web process under a supervisor."""

    supervisor: Supervisor
    part: Part
    folder: Path

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self.part.process is not None
        return self.part.process.pid

    async def answers(self, *, other_than: int) -> None:
        """Wait until another process than this one answers."""

        async def other() -> bool:
            return self.pid != other_than and (await asked(self.part)()).lives

        await until(other, "another process answers", within=60)


def asked(part: Part) -> Callable[[], Awaitable[Health]]:
    """Ask the process of a part whether it lives."""

    async def ask() -> Health:
        try:
            async with httpx2.AsyncClient(timeout=1) as client:
                answer = await client.get(f"http://127.0.0.1:{part.env['PATROL_HTTP_PORT']}/healthz")
            return Health(lives=answer.status_code == 200)
        except httpx2.TransportError:
            return Health(lives=False)

    return ask


@pytest.fixture
async def kept(database_url: str, tmp_path: Path) -> AsyncIterator[Kept]:
    """It runs and answers."""
    env = {
        "PATROL_DATABASE_URL": database_url,
        "PATROL_DATA_DIR": str(tmp_path),
        "PATROL_HTTP_PORT": str(ports.free_port()),
        "PATROL_MQTT_URL": "mqtt://127.0.0.1:9",
        "PATROL_ADMIN_PASSWORD": "ein Pferd frisst nur Salat",
    }
    async with supervise(tmp_path) as supervisor:
        part = Part(name="web", command=("web",), env=env, ask_every=0.3)
        part.ask = asked(part)
        await supervisor.start(part)
        yield Kept(supervisor, part, tmp_path)


async def test_process_that_does_not_answer_is_ended_and_started_again(kept: Kept) -> None:
    """It is there and holds its port, but no request gets anywhere."""
    before = kept.pid
    os.kill(before, signal.SIGSTOP)
    await kept.answers(other_than=before)
    assert not psutil.pid_exists(before)


async def test_process_that_cannot_be_started_is_tried_again(kept: Kept) -> None:
    """A full or broken disk under its log is no end of the supervisor."""
    before, log = kept.pid, kept.folder / "logs" / "web.log"
    log.rename(log.with_suffix(".aside"))
    log.mkdir()
    with capture_logs() as said:
        os.kill(before, signal.SIGKILL)

        async def tried() -> bool:
            return any(line["event"] == "part_not_ready" for line in said)

        await until(tried, "it was tried to start it")
        log.rmdir()
    await kept.answers(other_than=before)
    assert not kept.supervisor.stop.is_set()
