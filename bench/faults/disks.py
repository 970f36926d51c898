"""Small file systems for the data folders of the fault suite, so that a disk can be filled."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

DISK_MB = {"database": 640, "broker": 48}


@contextlib.contextmanager
def small_disks(folder: Path) -> Iterator[bool]:
    """Small file systems for the stores; False where we may not mount: then no disk can be filled."""
    mounted: list[Path] = []
    try:
        for name, size in DISK_MB.items():
            place = folder / name
            place.mkdir()
            done = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0755", "patrol-faults", str(place)],
                capture_output=True,
                check=False,
            )
            if done.returncode == 0:
                mounted.append(place)
        yield len(mounted) == len(DISK_MB)
    finally:
        for place in mounted:
            unmount(place)


def unmount(place: Path) -> None:
    """Unmount, at once or as soon as the last process is gone."""
    for _ in range(20):
        if subprocess.run(["umount", str(place)], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.25)  # its last process is ending
    subprocess.run(["umount", "--lazy", str(place)], check=False)
