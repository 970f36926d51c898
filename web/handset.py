"""What a handset is told to connect: a link that the OwnTracks app takes as its configuration. Pure."""

import base64
import json
from urllib.parse import urlencode

import segno

from schemas.broker import Broker
from schemas.topics import OWNTRACKS_ROOT


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
