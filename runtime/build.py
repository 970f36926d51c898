"""The release, for people and for Prometheus."""

import platform
from importlib import metadata

from prometheus_client import Gauge

VERSION = metadata.version("patrolgrid")

_BUILD = Gauge("patrol_build_info", "1 for each running release.", ["version", "python"], multiprocess_mode="livemax")


def expose() -> None:
    """Expose the release to Prometheus, once the process keeps running."""
    _BUILD.labels(VERSION, platform.python_version()).set(1)
