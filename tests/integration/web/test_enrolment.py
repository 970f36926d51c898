"""Devices are enrolled and shut out over REST, brokers ask who may come in, and the page speaks TLS."""

import base64
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import trustme

from schemas.broker import Broker
from tests.support import waiting, web
from web.http import handset

KEY = "k" * 40


@pytest.fixture
async def keyed(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """An administrator at a web process that has a device key."""
    async with (
        web.serving(database_url, device_key=KEY, handset_url="mqtts://city.example") as server,
        server.client() as client,
    ):
        await _ready(client)
        yield client


async def _ready(client: httpx2.AsyncClient) -> None:
    async def answers() -> bool:
        return (await client.get("/api/v1/devices")).status_code == 200

    await waiting.until(answers, "the web process reaches its database")


async def _enrol(client: httpx2.AsyncClient) -> dict[str, str]:
    answer = await client.post("/api/v1/devices", json={"name": "cam-1", "unit": "u"})
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


async def _authn(
    client: httpx2.AsyncClient, password: str, name: str = "cam-1", *, client_id: str | None = None
) -> str:
    asked = {"username": name, "password": password, "clientid": name if client_id is None else client_id}
    answer = await client.post("/api/v1/broker/authn", json=asked)
    by_status = await client.post("/api/v1/broker/user", json=asked)
    result = str(answer.json()["result"])
    assert (by_status.status_code == 200) == (result == "allow")
    return result


async def test_a_device_comes_in_with_the_password_it_was_given(keyed: httpx2.AsyncClient) -> None:
    """Enrolled, renewed, revoked, restored: the broker is told so each time; a name is taken once."""
    made = await _enrol(keyed)
    assert (made["device"], made["broker"]) == ("cam-1", "mqtts://city.example:8883")
    assert made["link"].startswith("owntracks:///config?inline=")
    assert (await keyed.post("/api/v1/devices", json={"name": "cam-1", "unit": "v"})).status_code == 409
    assert await _authn(keyed, made["password"]) == "allow"
    assert [await _authn(keyed, each) for each in ("", "wrong", made["password"] + "x")] == ["deny"] * 3
    assert await _authn(keyed, made["password"], "nobody") == "deny"
    renewed = (await keyed.post("/api/v1/devices/cam-1/password")).json()
    assert [await _authn(keyed, each["password"]) for each in (made, renewed)] == ["deny", "allow"]
    assert (await keyed.post("/api/v1/devices/cam-1/revoke")).status_code == 204
    assert (await keyed.get("/api/v1/devices/cam-1")).json()["revoked"]
    assert await _authn(keyed, renewed["password"]) == "deny"
    assert (await keyed.post("/api/v1/devices/cam-1/restore")).status_code == 204
    assert not (await keyed.get("/api/v1/devices/cam-1")).json()["revoked"]
    assert await _authn(keyed, renewed["password"]) == "allow"
    for path in ("password", "revoke", "restore"):
        assert (await keyed.post(f"/api/v1/devices/nobody/{path}")).status_code == 404


async def test_a_device_comes_in_with_its_own_client_id_only(keyed: httpx2.AsyncClient) -> None:
    """Whoever comes with the client id of another takes that session over; a broker that tells none gets a no."""
    made = await _enrol(keyed)
    for client_id in ("patrol-worker-1", "patrol-unit-u", "cam-2", "CAM-1", "cam-1 ", "cam-1\0", "", "x" * 65_535):
        assert await _authn(keyed, made["password"], client_id=client_id) == "deny", client_id
    assert await _authn(keyed, made["password"], client_id="cam-1") == "allow"
    asked = {"username": "cam-1", "password": made["password"]}
    assert (await keyed.post("/api/v1/broker/authn", json=asked | {"client_id": "cam-1"})).json()["result"] == "allow"
    assert (await keyed.post("/api/v1/broker/authn", json=asked)).json()["result"] == "deny"
    assert (await keyed.post("/api/v1/broker/user", json=asked)).status_code == 403


@pytest.mark.parametrize(
    "name", ["patrol", "patrol-server", "PATROL-Server", "patrol-worker-1", "Patrol.buffer-x", "patrol-feed", "shared"]
)
async def test_names_of_the_server_are_refused(keyed: httpx2.AsyncClient, name: str) -> None:
    """No device and no unit is enrolled under a name that is an account, a client id or a word of the server."""
    for given in ({"name": name, "unit": "u"}, {"name": "cam-1", "unit": name}):
        answer = await keyed.post("/api/v1/devices", json=given)
        assert answer.status_code == 422
        assert name in answer.json()["detail"]
    officer = {"badge": "1", "name": "x", "unit": name}
    assert (await keyed.post("/api/v1/officers", json=officer)).status_code == 422


async def test_the_name_of_the_servers_account_is_refused(database_url: str) -> None:
    """Whatever the account in the broker's address is called, in whichever case."""
    async with (
        web.serving(database_url, device_key=KEY, mqtt_url="mqtt://Intake:x@127.0.0.1:9") as server,
        server.client() as client,
    ):
        await _ready(client)
        for name in ("Intake", "intake", "INTAKE"):
            assert (await client.post("/api/v1/devices", json={"name": name, "unit": "u"})).status_code == 422
        assert (await client.post("/api/v1/devices", json={"name": "intake-2", "unit": "u"})).status_code == 201


TOPICS = {
    ("publish", "patrol/v1/u/cam-1/fix"): True,
    ("publish", "owntracks/u/cam-1"): True,
    ("publish", "owntracks/u/cam-1/event"): True,
    ("publish", "owntracks/u/cam-1/anything"): False,
    ("publish", "owntracks/u/cam-1/event/x"): False,
    ("subscribe", "patrol/v1/u/cam-1/cmd"): True,
    ("subscribe", "$share/g/patrol/v1/u/cam-1/fix"): False,
    ("publish", "patrol/v1/u/cam-2/fix"): False,
    ("publish", "patrol/v1/v/cam-1/fix"): False,
    ("publish", "patrol/v1/u/cam-1/cmd"): False,
    ("publish", "patrol-feed/v1/w/lane"): False,
    ("publish", "$CONTROL/dynamic-security/v1"): False,
    ("subscribe", "#"): False,
    ("subscribe", "patrol/v1/+/+/cmd"): False,
    ("subscribe", "patrol/v1/u/cam-2/cmd"): False,
    ("subscribe", "patrol/v1/u/cam-1/fix"): False,
    ("subscribe", "owntracks/u/cam-1/#"): False,
}


async def test_a_device_may_use_its_own_topics_only(keyed: httpx2.AsyncClient) -> None:
    """What brokers ask over HTTP has the answers of the generated configuration, by body and by status."""
    await _enrol(keyed)
    for (action, topic), allowed in TOPICS.items():
        asked = {"username": "cam-1", "topic": topic, "action": action}
        said = (await keyed.post("/api/v1/broker/authz", json=asked)).json()["result"]
        status = (await keyed.post("/api/v1/broker/acl", json=asked)).status_code
        assert (said, status) == (("allow", 200) if allowed else ("deny", 403)), (action, topic)


async def test_handsets_are_told_the_address_that_the_operator_sees(database_url: str) -> None:
    """Never how our own processes find the broker: the host of the page, or what the operator says."""
    inside = "mqtt://patrol-server:secret@mqtt.inside:41883"
    told: list[str] = []
    for n, given in enumerate(
        ({}, {"public_url": "https://patrol.example:8443/"}, {"handset_url": "mqtts://city.example:9883"})
    ):
        async with (
            web.serving(database_url, device_key=KEY, mqtt_url=inside, **given) as server,
            server.client() as client,
        ):
            await _ready(client)
            made = (await client.post("/api/v1/devices", json={"name": f"cam-{n}", "unit": "u"})).json()
            told.append(made["broker"])
            link = parse_qs(urlsplit(made["link"]).query)["inline"][0]
            configuration = json.loads(base64.b64decode(link))
            broker = Broker.parse(made["broker"])
            assert (configuration["host"], configuration["port"], configuration["tls"]) == (
                broker.host, broker.port, broker.secure,
            )  # fmt: skip
            assert configuration["clientId"] == f"cam-{n}"
            assert "inside" not in json.dumps(made) + str(configuration)
    assert told == ["mqtt://127.0.0.1:1883", "mqtts://patrol.example:8883", "mqtts://city.example:9883"]


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("http://10.1.2.3:8000", "mqtt://10.1.2.3:1883"),
        ("https://[fd00::1]:8443", "mqtts://[fd00::1]:8883"),
        ("https://patrol.example", "mqtts://patrol.example:8883"),
    ],
)
def test_address_of_handsets_follows_from_that_of_the_page(page: str, told: str) -> None:
    """The host is the page's, its port never; a page by HTTPS means a broker by TLS, so that no password is shown."""
    assert handset.address(handset.broker(None, page)) == told


async def test_without_a_key_no_device_is_enrolled(database_url: str) -> None:
    """The answer says what to set."""
    async with web.serving(database_url) as server, server.client() as client:
        await _ready(client)
        answer = await client.post("/api/v1/devices", json={"name": "cam-1", "unit": "u"})
    assert answer.status_code == 503
    assert "PATROL_DEVICE_KEY" in answer.json()["detail"]


async def test_the_page_is_served_over_tls(database_url: str, tmp_path: Path) -> None:
    """With a certificate of a local authority the process speaks HTTPS only, and tells browsers to stay with it."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key, ca = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    async with web.serving(database_url, tls_cert=cert, tls_key=key, secure_cookies=True) as server:
        address = f"https://127.0.0.1:{server.port}/healthz"
        async with httpx2.AsyncClient(verify=ssl.create_default_context(cafile=ca)) as client:
            answer = await client.get(address)
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.get(address.replace("https", "http"))
        async with httpx2.AsyncClient() as client:
            with pytest.raises(httpx2.ConnectError, match="certificate verify failed"):
                await client.get(address)
