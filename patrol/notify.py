"""How a child process tells its supervisor that it is ready: a line on a pipe it was handed."""

import contextlib
import os

VARIABLE = "PATROL_READY_FD"
READY = b"ready\n"


def ready() -> None:
    """Tell the supervisor, if there is one, that this process does its work now."""
    descriptor = os.environ.get(VARIABLE)
    if descriptor is not None:
        with contextlib.suppress(BrokenPipeError):  # it waited long enough and has hung up
            os.write(int(descriptor), READY)
