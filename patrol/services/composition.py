"""Composition of the processes: names, settings, and order of starting."""

import asyncio
import functools
import hashlib
import json
import os
import shutil
import ssl
import stat
import time
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from patrol.cli import errors
from patrol.cli.progress import Progress
from patrol.services.part import Health, Part
from patrol.services.supervisor import Supervisor
from patrol.settings.settings import Settings
from web.auth import first_administrator
from web.auth.passwords import CommonPasswordError
from web.auth.store.credentials import ADMIN

_READY_SECONDS = 45.0
_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at before it is used
_ANSWER_SECONDS = 5.0


def environment(settings: Settings, *, database_url: str, mqtt_url: str) -> dict[str, str]:
    """Complete settings of a child process, so that it does not read others from the parent's environment."""
    values = settings.model_dump() | {"database_url": database_url, "mqtt_url": mqtt_url}
    env = {f"PATROL_{name.upper()}": _plain(value) for name, value in values.items() if value is not None}
    # The owner of the tables is for migrations only; empty means not set.
    env |= {"PATROL_OWNER_DATABASE_URL": "", "PATROL_OWNER_DATABASE_URL_FILE": ""}
    return env | {"PROMETHEUS_MULTIPROC_DIR": str(_metrics(settings))}


def wipe_metrics(settings: Settings) -> None:
    """Empty the folder of shared metrics, which are from processes that ended."""
    folder = _metrics(settings)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)


async def start_server(supervisor: Supervisor, env: dict[str, str], settings: Settings, progress: Progress) -> None:
    """Start worker and web process together, and wait until /readyz reports ready."""
    asks = {"web": functools.partial(_ask, settings)}
    with progress.step("Server", "服务进程") as notes:
        try:
            async with asyncio.TaskGroup() as group:
                for name in ("worker", "web"):
                    part = Part(name=name, command=(name,), env=env, ask=asks.get(name))
                    group.create_task(supervisor.start(part), name=f"start-{name}")
        except* errors.SetupError as faults:
            raise faults.exceptions[0] from faults
        await _until_ready(settings)
        notes.extend(("worker", "web"))


async def ensure_admin(settings: Settings, database_url: str, progress: Progress) -> list[tuple[str, str]]:
    """Create the account `admin` if there is none, and return lines that say how to sign in.

    A generated password is shown at once, before anything can fail; only its hash is stored.
    """
    password = settings.admin_password
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        try:
            new_password = await first_administrator.ensure(
                pool, None if password is None else password.get_secret_value()
            )
        except CommonPasswordError as fault:
            raise errors.SetupError(f"PATROL_ADMIN_PASSWORD: {fault}") from fault
    if new_password is not None:
        progress.say(f"First start: sign in as {ADMIN} with the password {new_password} 首次启动密码（仅显示一次）")
        shown = new_password
    elif password is not None:
        shown = "as set in PATROL_ADMIN_PASSWORD"
    else:
        shown = "as shown at the first start; PATROL_ADMIN_PASSWORD sets another"
    return [("Login 登录", ADMIN), ("Password 密码", shown)]


def address(settings: Settings) -> str:
    """Address of the map for a browser on this machine."""
    host = "127.0.0.1" if settings.http_host in ("0.0.0.0", "::") else settings.http_host  # noqa: S104 - compared, not bound
    return f"{'http' if settings.http_cert is None else 'https'}://{host}:{settings.http_port}"


async def _until_ready(settings: Settings) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    status, body = 0, b""
    while status != 200:
        if time.monotonic() > deadline:
            raise errors.SetupError(
                f"{address(settings)}/readyz is not ready after {_READY_SECONDS:.0f} s: {_reasons(body)}"
            )
        try:
            status, body = await asyncio.wait_for(_get(settings, "/readyz"), 5)
        except (OSError, TimeoutError, ValueError):
            status = 0
        if status != 200:
            await asyncio.sleep(0.1)  # state of another process, which sends no event


async def _ask(settings: Settings) -> Health:
    """Ask the web process for its state and that of the worker, with missing requirements."""
    try:
        status, _ = await asyncio.wait_for(_get(settings, "/healthz"), _ANSWER_SECONDS)
    except (OSError, TimeoutError, ValueError):
        return Health(lives=False)
    if status != 200:
        return Health(lives=False)
    try:
        status, body = await asyncio.wait_for(_get(settings, "/readyz"), _ANSWER_SECONDS)
    except (OSError, TimeoutError, ValueError):
        return Health(lives=True, missing="/readyz does not answer in time")
    return Health(lives=True, missing="" if status == 200 else _lacking(body))


def _lacking(body: bytes) -> str:
    """Names of the failed checks, without their figures, which change each time."""
    try:
        checks = json.loads(body)["checks"]
        return ", ".join(sorted(name for name, check in checks.items() if not check["ok"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return "unknown"


async def _get(settings: Settings, path: str) -> tuple[int, bytes]:
    host = "127.0.0.1" if settings.http_host in ("0.0.0.0", "::") else settings.http_host  # noqa: S104 - as above
    # The certificate is not verified: it names another host, and the request goes to this machine.
    tls = None if settings.http_cert is None else ssl._create_unverified_context()  # noqa: S323, SLF001 - as said
    reader, writer = await asyncio.open_connection(host, settings.http_port, ssl=tls)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return int(head.split()[1]), body
    except IndexError as fault:
        raise ValueError("no HTTP answer") from fault
    finally:
        writer.close()


def _reasons(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return body.decode(errors="replace") or "no answer"


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _metrics(settings: Settings) -> Path:
    """Folder of shared metrics, one for each data folder.

    It is in memory: the files are mapped, and the kernel kills a process that writes to one on a full disk.
    """
    data = os.path.abspath(settings.data_dir)  # noqa: PTH100 - resolve() would follow links
    folder = _MEMORY / f"patrol-{os.getuid()}-{hashlib.sha256(data.encode()).hexdigest()[:16]}"
    return folder if _may_be_ours(folder) else Path(data) / "metrics"


def _may_be_ours(folder: Path) -> bool:
    """Whether the folder belongs to this user or can be created, since anybody may write to its parent."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return os.access(_MEMORY, os.W_OK | os.X_OK)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
