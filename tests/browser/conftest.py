"""A real Chromium for the tests, and pages that are watched: an error or a foreign request fails their test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.support import missing, waiting
from tests.support.product import Product
from web.config import STATIC_DIR

FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ARTIFACTS = Path(__file__).parents[2] / "test-artifacts" / "browser"
SLOW_MS = 60_000 * waiting.PATIENCE
"""Software rendering beside a whole demo on two cores is slow; this says only when to give up."""


@dataclass(slots=True)
class Watched:
    """A page with everything that went wrong in it."""

    page: Page
    url: str
    password: str
    faults: list[str] = field(default_factory=list)
    allowed: str | None = None
    """Host of a tile server that the page may speak to, too."""
    refused: str | None = None
    """Part of the address of requests that the test means to be refused with 422: the browser reports each."""

    def __post_init__(self) -> None:
        host = urlsplit(self.url).netloc
        inner = ("data", "blob")

        def requested(request: Request) -> None:
            address = urlsplit(request.url)
            if address.netloc not in (host, self.allowed) and address.scheme not in inner:
                self.faults.append(f"request to {request.url}")

        def said(message: ConsoleMessage) -> None:
            meant = self.refused is not None and self.refused in message.location["url"] and "422" in message.text
            if message.type in ("error", "warning") and not meant:
                self.faults.append(f"console {message.text}")

        self.page.on("request", requested)
        self.page.on("pageerror", lambda error: self.faults.append(f"error {error}"))
        self.page.on("console", said)

    def sign_in(self, path: str = "/") -> None:
        """Sign in as a person does and wait until the map is drawn and shows officers."""
        self.page.goto(self.url + path)
        self.page.fill("input[name=name]", "admin")
        self.page.fill("input[name=password]", self.password)
        self.page.click("button[type=submit]")
        self.wait_drawn()

    def open(self, path: str = "/") -> None:
        """Open an address with a session that is signed in already, and wait as `sign_in` does."""
        self.page.goto(self.url + path)
        self.wait_drawn()

    def wait_drawn(self) -> None:
        """Wait until the map is drawn and shows officers."""
        self.page.wait_for_selector(".map[data-ready]")
        waiting.until_sync(lambda: self.stats()["positions"] > 0, "officers are on the map", within=60, every=0.2)

    def stats(self) -> dict[str, Any]:
        """What the page's probe says."""
        probe: dict[str, Any] = self.page.evaluate("window.__patrol.stats()")
        return probe

    def keep(self, name: str) -> None:
        """Keep a screenshot among the artifacts."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png", timeout=2 * SLOW_MS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium with software WebGL.

    Not for the session: Playwright's event loop runs in this thread until it stops, and no other could.
    """
    path = shutil.which("chromium")
    if path is None:
        missing.missing("Chromium", "install it, on Debian with: sudo apt-get install chromium fonts-noto-cjk")
    if not (STATIC_DIR / "index.html").is_file():
        missing.missing("The built page", "run: uv sync --reinstall-package patrolgrid")
    expect.set_options(timeout=SLOW_MS / 2)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS, timeout=2 * SLOW_MS)
        yield browser
        browser.close()


def signed_in_at(product: Product) -> dict[str, str]:
    """Cookies of a new session of the administrator."""
    login = {"name": "admin", "password": product.password}
    answer = httpx2.post(f"{product.url}/api/v1/session", json=login, timeout=30 * waiting.PATIENCE)
    assert answer.status_code == 200, answer.text
    return dict(answer.cookies)


@contextmanager
def looking_at(
    chromium: Browser, product: Product, cookies: dict[str, str], *, size: tuple[int, int] = (1366, 768)
) -> Iterator[Watched]:
    """A fresh watched page on a product; a fault in it fails whoever looked."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN", color_scheme="dark")
    context.set_default_timeout(SLOW_MS)
    context.add_cookies([{"name": name, "value": value, "url": product.url} for name, value in cookies.items()])
    page = Watched(context.new_page(), product.url, product.password)
    try:
        yield page
    finally:
        context.close()
    assert page.faults == []


def exported(page: Page, form: str) -> Path:
    """The file that is made once it was said what for."""
    page.locator("summary", has_text="导出").click()
    make = page.get_by_role("button", name=form, exact=True)
    expect(make).to_be_disabled()
    page.get_by_label("用途").fill("月度 & 考核")
    with page.expect_download() as download:
        make.click()
    return Path(download.value.path())


@pytest.fixture(scope="session")
def session_cookies(demo: Product) -> dict[str, str]:
    """Cookies of one session of the administrator, for the tests that are not about signing in."""
    return signed_in_at(demo)


@pytest.fixture
def signed_in() -> bool:
    """Whether pages begin with a session; parametrized to False by tests about signing in."""
    return True


@pytest.fixture
def watched(chromium: Browser, demo: Product, session_cookies: dict[str, str], *, signed_in: bool) -> Iterator[Watched]:
    """A fresh page on the demo. Fails the test that leaves a fault behind."""
    with looking_at(chromium, demo, session_cookies if signed_in else {}) as page:
        yield page
