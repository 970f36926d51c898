"""What a child process tells its supervisor: lines of JSON on a pipe it was handed, for example that it is ready."""

import contextlib
import json
import os

VARIABLE = "PATROL_NOTIFY_FD"


def tell(**facts: str | int | bool) -> bool:
    """Tell the supervisor; False when there is none."""
    descriptor = os.environ.get(VARIABLE)
    if descriptor is None:
        return False
    with contextlib.suppress(BrokenPipeError):  # it knows enough and has hung up
        os.write(int(descriptor), json.dumps(facts).encode() + b"\n")
    return True


def ready(**facts: str | int | bool) -> None:
    """Tell the supervisor, if there is one, that this process does its work now."""
    tell(**facts, ready=True)
