"""Alerts in a real database: each step once, and the event log told of it."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from alerts.life.life import Act, ActRefusal
from alerts.life.model import GAP, Change, Level, Step
from alerts.life.step_facts import StepFacts
from alerts.store.store import AlertStore, act_on
from runtime import db
from tests.integration.alerts.conftest import Town, at
from tests.support.stored_facts import as_stored
from tracking.store.city import people_store

FACTS: dict[str, Any] = {
    "name": "小金口-01",
    "gap_since": "2026-02-02T00:00:00.000Z",
    "due": "2026-02-02T01:30:00.000Z",
    "visited": True,
    "limit_s": 5400,
    "arrival_s": 540,
    "slack_s": -240,
}


def _change(step: Step, *, key: str = "k1", level: Level = Level.ORANGE, cell: int = 1, minute: float = 80) -> Change:
    facts = {"in_time": True, "why": "late_data", "visit_in": "2026-02-02T01:25:00.000Z"}
    return Change(key=key, kind=GAP, step=step, level=level, cell=cell, at=at(minute), facts=as_stored(FACTS, **facts))


async def _steps(conn: db.Connection, key: str = "k1") -> list[tuple[int, str, str]]:
    rows = await conn.fetch(
        "SELECT n, step, s.level FROM alert_steps s JOIN alerts a ON a.id = s.alert WHERE key = $1 ORDER BY n", key
    )
    return [tuple(row) for row in rows]


@pytest.fixture
def store(pool: db.Pool) -> AlertStore:
    """The store of the test's database."""
    return AlertStore(pool)


async def test_apply_twice_is_apply_once(store: AlertStore, conn: db.Connection, town: Town) -> None:
    """Changes that were stored before add no alert, no step and nothing to the event log."""
    opened = _change(Step.OPENED, cell=await town.cell())
    raised = _change(Step.RAISED, level=Level.RED, minute=90)
    resolved = _change(Step.RESOLVED, level=Level.RED, minute=95)
    for change in (opened, raised, resolved):
        first = await store.apply([change])
        assert [alert.key for alert in first] == ["k1"]
        if change.step is not Step.RESOLVED:
            assert await store.apply([change]) == []
    assert await store.apply([raised, resolved]) == []
    assert await _steps(conn) == [(1, "opened", "orange"), (2, "raised", "red"), (3, "resolved", "red")]
    items = await conn.fetch("SELECT body FROM lane WHERE kind = 'alert' ORDER BY seq")
    assert [json.loads(row["body"])["state"] for row in items] == ["open", "open", "resolved"]


async def test_apply_keeps_the_order_of_steps_of_one_alert(store: AlertStore, conn: db.Connection, town: Town) -> None:
    """Several steps of an alert in one call are all kept, and viewers are told of the last state once."""
    cell = await town.cell()
    steps = (Step.OPENED, Level.ORANGE), (Step.RAISED, Level.RED), (Step.RESOLVED, Level.RED)
    changed = await store.apply([_change(step, level=level, cell=cell) for step, level in steps])
    assert [(alert.state, alert.level) for alert in changed] == [("resolved", "red")]
    assert [step for _, step, _ in await _steps(conn)] == ["opened", "raised", "resolved"]


async def test_apply_opens_again_what_ended_by_fact_only(store: AlertStore, conn: db.Connection, town: Town) -> None:
    """A resolved alert opens again with its history; one that a person closed stays closed."""
    cell = await town.cell()
    await store.apply([_change(Step.OPENED, cell=cell), _change(Step.OPENED, key="k2", cell=cell)])
    await store.apply([_change(Step.WITHDRAWN)])
    await conn.execute("UPDATE alerts SET state = 'closed', ended_at = now() WHERE key = 'k2'")
    again = await store.apply([_change(Step.OPENED, cell=cell), _change(Step.OPENED, key="k2", cell=cell)])
    assert [alert.key for alert in again] == ["k1"]
    assert [step for _, step, _ in await _steps(conn)] == ["opened", "withdrawn", "reopened"]
    assert again[0].ended_at is None


async def test_apply_stores_all_or_nothing(store: AlertStore, conn: db.Connection, town: Town) -> None:
    """When the event log cannot be written, no alert is stored."""
    change = _change(Step.OPENED, cell=await town.cell())
    await conn.execute("ALTER TABLE lane ADD CONSTRAINT closed CHECK (kind <> 'alert')")
    with pytest.raises(Exception, match="closed"):
        await store.apply([change])
    assert await conn.fetchval("SELECT count(*) FROM alerts") == 0


async def test_get_gives_the_alert_with_steps_and_sentences(store: AlertStore, town: Town) -> None:
    """One alert carries its cell, the reason in two languages, and its steps."""
    changed = await store.apply([_change(Step.OPENED, cell=await town.cell())])
    alert = await store.get(changed[0].id)
    assert alert is not None
    assert (alert.cell, alert.cell_name, alert.state) == ("441302010001001", "小金口-01", "open")
    assert alert.text_zh == "小金口-01 最后有效巡查 08:00，限 90 分钟；最近空闲队员 9 分钟可达，余量 −4 分钟"
    assert alert.text_en.startswith("小金口-01 had its last valid visit at 08:00")
    assert alert.steps is not None
    assert [(step.n, step.step, step.actor) for step in alert.steps] == [(1, "opened", "system")]
    assert await store.get(alert.id + 1) is None


async def test_list_pages_through_every_alert_once(store: AlertStore, town: Town) -> None:
    """Pages follow each other without gap or repetition, filtered as asked."""
    one, two = await town.cell(1), await town.cell(2)
    await store.apply([_change(Step.OPENED, key=f"k{n}", cell=one if n % 2 else two) for n in range(7)])
    await store.apply([_change(Step.RAISED, key="k3", level=Level.RED), _change(Step.RESOLVED, key="k4")])
    seen: list[str] = []
    cursor = None
    while True:
        page, cursor = await store.list(cursor=cursor, limit=3)
        seen += [alert.key for alert in page]
        if cursor is None:
            break
    assert seen == [f"k{n}" for n in reversed(range(7))]
    assert [alert.key for alert in (await store.list(state="resolved"))[0]] == ["k4"]
    assert [alert.key for alert in (await store.list(level="red"))[0]] == ["k3"]
    assert [alert.key for alert in (await store.list(cell="441302010001001"))[0]] == ["k5", "k3", "k1"]
    assert [alert.key for alert in await store.open()] == ["k3", "k0", "k1", "k2", "k5", "k6"]


async def test_steps_cannot_be_changed_or_deleted_in_the_database(
    store: AlertStore, conn: db.Connection, town: Town
) -> None:
    """Whoever tries it with SQL is refused, and told to add a step."""
    await store.apply([_change(Step.OPENED, cell=await town.cell())])
    for statement in ("UPDATE alert_steps SET actor = 'x'", "DELETE FROM alert_steps", "TRUNCATE alert_steps"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="add a step"):
            await conn.execute(statement)
    assert len(await _steps(conn)) == 1


async def test_alerts_belong_to_the_street_of_their_cell_or_device(
    store: AlertStore, conn: db.Connection, town: Town
) -> None:
    """What is not said is looked up, so that viewers of one street see theirs only."""
    await people_store.ensure_units(conn, ["xjk"])
    await conn.execute("UPDATE units SET area = '441302010' WHERE code = 'xjk'")
    of_cell = _change(Step.OPENED, cell=await town.cell())
    of_device = replace(of_cell, key="k2", cell=None, device=1)
    assert [alert.area for alert in await store.apply([of_cell, of_device])] == ["441302010"] * 2
    assert len((await store.list(areas=["441302010"]))[0]) == 2
    assert await store.list(areas=["441302001"]) == ([], None)
    assert [alert.key for alert in (await store.list(device="xjk-03"))[0]] == ["k2"]


async def _do(conn: db.Connection, number: int, step: Step, who: str, **what: Any) -> Any:
    async with conn.transaction():
        return await act_on(conn, number, Act(step=step, at=at(81), actor=who, **what))


async def test_of_two_supervisors_at_once_one_is_told_that_the_other_was_quicker(
    store: AlertStore, pool: db.Pool, conn: db.Connection, town: Town
) -> None:
    """However close together they press, there is one step, one event log item, and one clear refusal."""
    (alert,) = await store.apply([_change(Step.OPENED, cell=await town.cell())])

    async def press(who: str) -> Any:
        async with pool.acquire() as own:
            return await _do(own, alert.id, Step.ACKNOWLEDGED, who)

    first, second = await asyncio.gather(press("zhang"), press("li"))
    taken, refused = (second, first) if isinstance(first, ActRefusal) else (first, second)
    assert isinstance(refused, ActRefusal)
    assert refused.detail == f"The alert is acknowledged already (by {taken.actor})."
    assert (taken.state, taken.version) == ("acknowledged", 2)
    assert [step for _, step, _ in await _steps(conn)] == ["opened", "acknowledged"]
    assert await conn.fetchval("SELECT count(*) FROM lane WHERE kind = 'alert'") == 2


async def test_a_request_sent_twice_acts_once(store: AlertStore, conn: db.Connection, town: Town) -> None:
    """The same idempotency key adds no second note, though notes may repeat."""
    (alert,) = await store.apply([_change(Step.OPENED, cell=await town.cell())])
    for key in ("a", "a", None, None):
        after = await _do(conn, alert.id, Step.NOTED, "zhang", facts=StepFacts(text="看到了"), key=key)
    assert (after.version, after.state) == (4, "open")
    shown = await store.get(alert.id)
    assert shown is not None
    assert shown.steps is not None
    assert shown.steps[-1].text_zh.endswith("zhang 备注：看到了")
    assert await _do(conn, alert.id + 1, Step.NOTED, "zhang") is None
