"""What changes while people look: a cell in need that is visited, a web process that dies, over a small city."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, WebSocket, expect

from alerts.life.facts import Sos
from alerts.life.model import Change, Level, Step
from alerts.store.store import apply_on
from runtime import db
from runtime.clock import wall_clock
from schemas import rest
from tests.browser.conftest import Watched, looking_at, signed_in_at
from tests.browser.site import Site
from tests.support import waiting
from tests.support.database import TestServer
from tests.support.mosquitto import Mosquitto
from tests.support.product import Product

pytestmark = pytest.mark.browser

NEAR, FAR, PATROL = "near-1", "far-1", "walker-1"


@pytest.fixture(scope="module")
def site(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small city of this module."""
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    url = asyncio.run(postgres.create())
    env = {"PATROL_DATABASE_URL": url, "PATROL_MQTT_URL": broker.url, "PATROL_AUTO_ENROL": "true"}
    made = Site(Product(tmp_path_factory.mktemp("serve"), env=env), broker, url)
    made.product.start("serve")
    try:
        made.set_up()
        yield made
    finally:
        made.product.stop()
        broker.stop()
    asyncio.run(postgres.drop(url))


@pytest.fixture(scope="module")
def cookies(site: Site) -> dict[str, str]:
    """A session at it."""
    return signed_in_at(site.product)


@pytest.fixture
def page(site: Site, cookies: dict[str, str], chromium: Browser) -> Iterator[Watched]:
    """A page on it."""
    with looking_at(chromium, site.product, cookies) as watched:
        yield watched


def test_a_page_that_was_given_the_city_of_before_an_import_asks_again(site: Site, page: Watched) -> None:
    """The first answer has no cells yet; the page hears of another city and shows its cells without being loaded."""
    page.page.route("**/api/v1/cells", lambda route: route.fulfill(body=site.before), times=1)
    page.page.goto(f"{page.url}/#cell={site.cells[0]}")
    expect(page.page.locator(".card")).to_contain_text("小金口-00")
    expect(page.page.locator(".city-note")).to_have_count(0)


def test_a_cell_turns_orange_when_nobody_can_be_there_in_time_and_fresh_after_a_visit(
    site: Site, page: Watched
) -> None:
    """With the near officer on a break the far one would come too late; a patrol that walks in makes it fresh."""
    cell, badge = site.cells[0], page.page.locator(".card .state-badge")

    def until_shown(name: str, *standing: tuple[str, int, str]) -> None:
        """Officers say where they are until the card shows a state."""

        def shown() -> bool:
            for device, column, duty in standing:
                site.stand(device, column, duty=duty)
            return name in badge.inner_text()

        waiting.until_sync(shown, f"the card says {name}", within=60, every=0.5)

    site.stand(NEAR, 1, seconds=5)
    site.stand(FAR, 7, seconds=5)
    page.open(f"/#cell={cell}")
    until_shown("时限内", (NEAR, 1, "duty"), (FAR, 7, "duty"))
    until_shown("将要超时", (NEAR, 1, "break"), (FAR, 7, "duty"))
    expect(page.page.locator(".legend-item.state-will_breach .number")).not_to_have_text("0")
    page.keep("cell-orange")
    until_shown("时限内", (NEAR, 1, "break"), (FAR, 7, "duty"), (PATROL, 0, "duty"))
    visits = page.page.locator(".card .stay-visit")

    def listed() -> bool:
        site.stand(PATROL, 0)
        return visits.count() > 0

    waiting.until_sync(listed, "the visit is listed", within=60, every=1)
    expect(visits.first).to_contain_text(PATROL)
    page.keep("cell-fresh")


def test_nothing_is_missed_while_the_web_process_is_dead(site: Site, page: Watched) -> None:
    """Alerts that opened and ended meanwhile arrive in order after the page came back by itself, not one left out."""
    heard: list[int] = []
    first_words: list[dict[str, Any]] = []

    def listen(socket: WebSocket) -> None:
        socket.on(
            "framesent", lambda said: first_words.append(json.loads(said)) if '"subscribe"' in str(said) else None
        )
        socket.on("framereceived", take)

    def take(said: str | bytes) -> None:
        if isinstance(said, str) and '"lane"' in said[:40]:
            heard.extend(item["seq"] for item in json.loads(said)["items"])

    page.page.on("websocket", listen)
    site.stand(NEAR, 1, seconds=5)
    page.open()
    (kept, ended) = site.stored(lambda conn: _change(conn, ("kept", Step.OPENED), ("ended", Step.OPENED)))
    expect(page.page.locator(f"#alert-{ended}")).to_be_visible()
    known = max(heard)
    site.product.child("web").kill()
    waiting.until_sync(lambda: page.stats()["link"] != "open", "the page knows")
    expect(page.page.locator("[data-testid=link]")).not_to_contain_text("实时")
    page.keep("connection-lost")
    missed = site.stored(lambda conn: _change(conn, ("ended", Step.RESOLVED), ("born", Step.OPENED)))
    short = site.stored(lambda conn: _change(conn, ("short", Step.OPENED), ("short", Step.RESOLVED)))
    waiting.until_sync(lambda: page.stats()["link"] == "open", "the page is back by itself", within=90, every=0.2)
    expect(page.page.locator(f".alert-list:not(.ended) #alert-{missed[1]}")).to_be_visible()
    expect(page.page.locator(f".alert-list:not(.ended) #alert-{kept}")).to_be_visible()
    expect(page.page.locator(f".alert-list.ended #alert-{ended}")).to_be_visible()
    expect(page.page.locator(f".alert-list.ended #alert-{short[0]}")).to_be_visible()
    assert first_words[-1]["offset"] == known
    last = max(heard)
    stored = site.stored(lambda conn: _seqs(conn, known, last))
    assert [seq for seq in heard if known < seq] == stored, "each item once, in order, none left out"
    assert len(stored) >= 4
    page.faults[:] = [fault for fault in page.faults if "net::ERR_" not in fault]


async def _change(conn: db.Connection, *steps: tuple[str, Step]) -> list[int]:
    """Take steps of calls for help, which no rule ends by itself; returns their numbers."""
    device = await conn.fetchval("SELECT id FROM devices WHERE name = $1", NEAR)
    now = wall_clock()
    facts = Sos(device=NEAR, name="甲", badge="1", at=rest.rfc3339(db.moment(now)))
    numbers = []
    for key, step in steps:
        change = Change(key=key, kind="sos", step=step, level=Level.RED, at=wall_clock(), facts=facts, device=device)
        async with conn.transaction():
            numbers += [alert.id for alert in await apply_on(conn, [change])]
    return numbers


async def _seqs(conn: db.Connection, after: int, last: int) -> list[int]:
    rows = await conn.fetch("SELECT seq FROM lane WHERE seq > $1 AND seq <= $2 ORDER BY seq", after, last)
    return [row["seq"] for row in rows]
