"""What bench_live and bench_page need beside broker and database: devices, and parts spoken to by lines."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import asyncpg

from bench import stack
from tracking.store.tracks import device_store


async def enrol(database_url: str, devices: int) -> list[int]:
    """Slots of so many new devices."""
    connection = await asyncpg.connect(database_url)
    try:
        await device_store.enrol(connection, {f"bench-{n}": "team-1" for n in range(devices)})
        return [device.id for device in await device_store.all_devices(connection) if device.name.startswith("bench-")]
    finally:
        await connection.close()


@contextmanager
def talking(module: str, plan: Any) -> Iterator["subprocess.Popen[str]"]:
    """Run a part as a process that is spoken to by lines; it ends when its standard input does."""
    command = [sys.executable, "-m", module]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=stack.ROOT, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(plan)) + "\n")
    process.stdin.flush()
    try:
        yield process
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def tell(process: "subprocess.Popen[str]", line: str, *, answer: bool = True) -> dict[str, Any]:
    """Send a line to a part; what it answers."""
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return hear(process) if answer else {}


def hear(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """The next line of a part."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit("A part of the bench has ended: see what it wrote above.")
    said: dict[str, Any] = json.loads(line)
    return said
