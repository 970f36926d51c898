"""Which release this is, for people and for Prometheus."""

import platform
from importlib import metadata

from prometheus_client import Gauge

VERSION = metadata.version("patrolgrid")

_BUILD = Gauge("patrol_build_info", "1 for each running release.", ["version", "python"], multiprocess_mode="livemax")


def tell() -> None:
    """Tell Prometheus, once this is a process that runs on."""
    _BUILD.labels(VERSION, platform.python_version()).set(1)
