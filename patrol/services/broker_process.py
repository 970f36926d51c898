"""Process of the embedded broker: the threads of rumqttd, and the protocol proxy in front of them.

Run as `python -m patrol.services.broker_process CONFIG PORT PORT_OF_3 PORT_OF_5`.
"""

import asyncio
import contextlib
import logging
import resource
import signal
import sys

import uvloop
from iotcore import IotCoreBroker

from patrol.services import protocol_proxy

_HOST = "127.0.0.1"


def main() -> None:
    """Serve until SIGTERM; rumqttd cannot be stopped, so it ends with the process."""
    config, port, port_of_3, port_of_5 = sys.argv[1], *map(int, sys.argv[2:5])
    # rumqttd logs an error for each packet it routes; real errors show in its clients.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    _allow_many_connections()
    IotCoreBroker(config_path=config).start()
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(_serve(port, port_of_3, port_of_5))


async def _serve(port: int, port_of_3: int, port_of_5: int) -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    server = await protocol_proxy.serve(_HOST, port, port_of_3=port_of_3, port_of_5=port_of_5)
    await done.wait()
    server.close()


def _allow_many_connections() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    main()
