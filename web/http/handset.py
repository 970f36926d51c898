"""Setup of handsets: a link that configures the OwnTracks app. Pure."""

import base64
import json
from urllib.parse import urlencode, urlsplit

import segno

from schemas.broker import Broker
from schemas.topics import OWNTRACKS_ROOT


def broker(handset_url: str | None, page: str) -> Broker:
    """Address of the broker for handsets: the configured one, else the host of the page with the usual port.

    The address used by the processes of the server may not be reachable from outside.

    Raises:
        ValueError: an address cannot be read; the text says how to write it.
    """
    if handset_url is not None:
        return Broker.parse(handset_url)
    parts = urlsplit(page)
    host = parts.hostname or ""
    address = f"[{host}]" if ":" in host else host
    return Broker.parse(f"{'mqtts' if parts.scheme == 'https' else 'mqtt'}://{address}")


def address(broker: Broker) -> str:
    """Address of a broker without secrets."""
    host = f"[{broker.host}]" if ":" in broker.host else broker.host
    return f"{'mqtts' if broker.secure else 'mqtt'}://{host}:{broker.port}"


def link(*, name: str, unit: str, password: str, broker: Broker) -> str:
    """Link that configures the OwnTracks app as this device; it holds the password."""
    configuration = {
        "_type": "configuration",
        "mode": 0,
        "host": broker.host,
        "port": broker.port,
        "tls": broker.secure,
        "auth": True,
        "username": name,
        "password": password,
        "clientId": name,
        "deviceId": name,
        "pubTopicBase": f"{OWNTRACKS_ROOT}/{unit}/{name}",
        "pubQos": 1,
        "pubRetain": False,
        "cleanSession": False,
        "mqttProtocolLevel": 4,
    }
    inline = base64.b64encode(json.dumps(configuration, ensure_ascii=False).encode()).decode()
    return "owntracks:///config?" + urlencode({"inline": inline})


def code(link: str) -> list[str]:
    """QR code of a link: a text for each row of modules, 1 dark and 0 light, without the quiet zone around it."""
    return ["".join(str(module) for module in row) for row in segno.make_qr(link, error="l").matrix]
