"""The secrets of a running product are in no log, no answer and no file of the front end."""

from pathlib import Path

import httpx2

from tests.support.product import Product

_LARGEST = 64 << 20


def test_no_secret_reaches_logs_answers_or_pages(demo: Product) -> None:
    """After sign-ins right and wrong, tokens in headers and in addresses: what is secret is nowhere to be read."""
    key = (demo.data_dir / "device.key").read_text().strip()
    secrets = [demo.password, demo.token, key]
    said: list[str] = []
    with httpx2.Client(base_url=demo.url, timeout=20, headers={"Origin": demo.url}) as client:
        for name, password in (("admin", demo.password), ("admin", "wrong " + demo.password), (demo.password, "x")):
            answer = client.post("/api/v1/session", json={"name": name, "password": password})
            said.append(answer.text + str({k: v for k, v in answer.headers.items() if k != "set-cookie"}))
        cookie = client.cookies["patrol_session"]
        pages = ("/", "/docs", "/openapi.json", "/metrics", "/readyz", "/api/v1/session", "/api/v1/stats")
        said += [client.get(path).text for path in pages]
        said.append(client.get(f"/api/v1/devices?token={demo.token}&cursor={demo.token}").text.replace(demo.token, ""))
    bearer = httpx2.get(f"{demo.url}/api/v1/stats", headers={"Authorization": f"Bearer {demo.token}"})
    wrong = httpx2.get(f"{demo.url}/api/v1/stats", headers={"Authorization": f"Bearer {demo.token}x"})
    assert (bearer.status_code, wrong.status_code) == (200, 401)
    said += [bearer.text, wrong.text, demo.output]
    for secret in (*secrets, cookie):
        assert not any(secret in text for text in said)
    logs = [
        file for file in _files(demo.data_dir) if file.suffix in (".log", ".txt", ".json", ".db") or "log" in str(file)
    ]
    assert logs
    for file in logs:
        content = file.read_bytes()
        for secret in (*secrets, cookie):
            assert secret.encode() not in content, file


def _files(folder: Path) -> list[Path]:
    """Files of the data folder, but for the database's own and the key."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != "device.key")
    return [file for file in files if "base" not in file.parts and file.stat().st_size < _LARGEST]
