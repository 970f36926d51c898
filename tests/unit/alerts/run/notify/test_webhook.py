"""Signatures, messages and pushes are what their receivers expect."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from alerts.notify import message
from alerts.notify.message import Notice, OutgoingMessage
from alerts.run.notify import push, services, webhook

ALERT = {
    "id": 7, "kind": "sos", "level": "red", "text_zh": "张三 紧急求助", "text_en": "Zhang San calls for help",
}  # fmt: skip


def _message(n: int) -> OutgoingMessage:
    return OutgoingMessage(id="a7-1-c1", notices=[Notice(step="opened", n=1, alert=ALERT)] * n)


def test_signature_is_that_of_the_standard() -> None:
    """HMAC-SHA256 over id, timestamp and body, as any library of Standard Webhooks verifies it."""
    secret, number = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    signed = webhook.signature(secret, number, 1_614_265_330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert webhook.new_secret() != webhook.new_secret()


def test_a_message_tells_one_alert_several_or_none() -> None:
    """One in full, several counted and cut, none as a test."""
    assert _message(1).title == "[红] 紧急求助 / SOS"
    assert _message(1).text == "张三 紧急求助\nZhang San calls for help"
    assert (_message(0).kind, _message(1).kind, _message(2).kind) == ("test", "alert", "digest")
    many = _message(message.MOST_LINES + 3)
    assert many.text.endswith("另有 3 条 / and 3 more")
    assert _message(2).body()["notices"][1] == {"step": "opened", "n": 1, "alert": ALERT}


def test_a_push_fits_whatever_the_text() -> None:
    """A long digest is cut between characters, and still JSON."""
    shown = json.loads(push.payload(_message(20)))
    assert (shown["id"], shown["alert"]) == ("a7-1-c1", None)
    assert json.loads(push.payload(_message(1)))["alert"] == 7
    long = OutgoingMessage(id="x", notices=[Notice(step="opened", n=1, alert={**ALERT, "text_zh": "巡" * 5_000})])
    assert len(push.payload(long)) < 4_000


def test_the_public_key_is_an_uncompressed_point() -> None:
    """65 bytes that begin with 4, base64url without padding: what browsers take."""
    made = Vapid02()
    made.generate_keys()
    encoded = push.public(made)
    point = base64.urlsafe_b64decode(encoded + "=")
    assert (len(point), point[0], "=" in encoded) == (65, 4, False)
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


@pytest.mark.parametrize("url", ["json://127.0.0.1", "file:///etc/passwd", "syslog://", "nonsense", "mailtos://"])
def test_services_that_could_reach_anything_are_not_allowed(url: str) -> None:
    """The text says what to do, without the address."""
    with pytest.raises(ValueError, match=r"PATROL_NOTIFY_SERVICES|apprise's documentation") as refused:
        services.service(url, frozenset(services.SCHEMES.split(",")))
    assert "127.0.0.1" not in str(refused.value)
