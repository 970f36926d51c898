"""An officer is sent, answers or does not, and the alert follows; timers fire once, whoever looks."""

import asyncio
from typing import Any

import pytest

from alerts.life import reply
from alerts.life.facts import Ending
from alerts.life.life import Act, ActRefusal
from alerts.life.model import Change, Level, Step
from alerts.life.step_facts import StepFacts
from alerts.run import dispatch, timers
from alerts.run.timers import AlertTimers
from alerts.store import commands, replies, rosters
from alerts.store.store import AlertStore, act_on
from runtime import db
from schemas import alerting, rest, wire
from tests.integration.alerts.conftest import Town, at
from tests.integration.alerts.test_store import FACTS
from tests.support.stored_facts import as_stored


class Desk:
    """A supervisor, a device and the clock between them."""

    def __init__(self, pool: db.Pool, conn: db.Connection) -> None:
        self.pool, self.conn, self.minute = pool, conn, 80.0
        self.timers = AlertTimers(pool, now=lambda: at(self.minute))

    async def open(self, town: Town, level: Level = Level.ORANGE, *, key: str = "k1") -> int:
        """An alert of cell 1, opened now."""
        change = Change(
            key=key, kind="coverage_gap", step=Step.OPENED, level=level, cell=await town.cell(), at=at(self.minute),
            facts=as_stored(FACTS),
        )  # fmt: skip
        return (await AlertStore(self.pool).apply([change]))[0].id

    async def send(self, number: int, device: str = "xjk-03", **what: Any) -> alerting.Alert:
        """Assign the alert."""
        async with self.conn.transaction():
            alert = await dispatch.assign(
                self.conn, number, device, actor="zhang", at=at(self.minute), seen=None, key=None, **what
            )
        assert isinstance(alert, alerting.Alert), alert
        return alert

    async def do(self, number: int, step: Step, **what: Any) -> alerting.Alert | ActRefusal | None:
        """Do something by hand."""
        async with self.conn.transaction():
            return await act_on(self.conn, number, Act(step=step, at=at(self.minute), actor="zhang", **what))

    async def answer(self, command: str, state: str, *, minute: float | None = None, device: int = 1) -> int:
        """The device answers; what follows is looked after at once."""
        said = wire.Reply(cmd=command, state=wire.ReplyState(state), t=at(self.minute if minute is None else minute))
        stored = await replies.insert(
            self.conn, [reply.DeviceReply(device=device, received=at(self.minute), content=said)]
        )
        await self.timers.look_once()
        return stored

    async def after(self, minute: float) -> alerting.Alert:
        """Let time pass to a minute, and look."""
        self.minute = minute
        await self.timers.look_once()
        return (await AlertStore(self.pool).list())[0][0]

    async def story(self, number: int = 1) -> list[str]:
        """The steps so far."""
        found = await AlertStore(self.pool).get(number)
        assert found is not None
        assert found.steps is not None
        return [step.step for step in found.steps]


@pytest.fixture
def desk(pool: db.Pool, conn: db.Connection) -> Desk:
    """A desk at minute 80."""
    return Desk(pool, conn)


async def test_an_order_is_given_with_the_step_and_its_answers_move_task_and_alert(desk: Desk, town: Town) -> None:
    """Accepted, arrived, visited: each once, however often and in whatever order the answers come."""
    number = await desk.open(town)
    sent = await desk.send(number)
    assert (sent.state, sent.assignee, sent.task, sent.escalates_at) == ("assigned", "xjk-03", "given", None)
    (order,) = await commands.claim(desk.conn, at(80), 10)
    assert (order.id, order.type, order.device, order.expires) == ("a1-2", "goto", "xjk-03", at(85))
    assert order.body["cell"] == "441302010001001"
    assert await commands.claim(desk.conn, at(80), 10) == []
    assert await desk.answer("a1-2", "arrived", minute=82) == 1
    assert await desk.answer("a1-2", "arrived", minute=82) == 0
    assert await desk.answer("a1-2", "accepted", minute=81) == 1
    assert await desk.story() == ["opened", "assigned", "arrived"]
    assert (await desk.after(95)).task == "arrived"
    resolved = Change(
        key="k1", kind="coverage_gap", step=Step.RESOLVED, level=Level.ORANGE, at=at(96),
        facts=Ending(visit_in="2026-02-02T01:25:00.000Z", in_time=True),
    )  # fmt: skip
    (done,) = await AlertStore(desk.pool).apply([resolved])
    assert (done.state, done.assignee) == ("resolved", None)
    rows = await desk.conn.fetch("SELECT state, deadline, reason FROM tasks")
    assert [tuple(row) for row in rows] == [("done", None, "resolved")]


@pytest.mark.parametrize("how", ["refused", "silent", "never there"])
async def test_who_does_not_come_gives_the_alert_back(desk: Desk, town: Town, how: str) -> None:
    """Refused, not answered in 5 minutes, not there 30 minutes after accepting: open again, with a new wait."""
    number = await desk.open(town)
    await desk.send(number)
    desk.minute = 81
    if how != "silent":
        await desk.answer("a1-2", "refused" if how == "refused" else "accepted")
    minute = {"refused": 81, "silent": 85, "never there": 111}[how]
    if how != "refused":
        assert (await desk.after(minute - 0.01)).state == "assigned"
    alert = await desk.after(minute)
    assert (alert.state, alert.assignee) == ("open", None)
    assert alert.escalates_at == db.moment(at(minute + 10))
    assert (await desk.story())[-1] == ("refused" if how == "refused" else "expired")
    before = await desk.story()
    await desk.answer("a1-2", "accepted" if how != "never there" else "arrived")
    assert await desk.story() == before


async def test_answers_of_other_devices_and_to_unknown_orders_are_not_stored(desk: Desk, town: Town) -> None:
    """A device answers for itself, to what it was asked."""
    await desk.send(await desk.open(town))
    await desk.conn.execute("INSERT INTO devices (name, unit) VALUES ('xjk-04', 'xjk')")
    assert await desk.answer("a1-2", "accepted", device=2) == 0
    assert await desk.answer("a9-9", "accepted") == 0
    assert await desk.story() == ["opened", "assigned"]


async def test_an_order_that_is_not_needed_any_more_is_taken_back(desk: Desk, town: Town) -> None:
    """Sent to another officer: the first is told to stop if the order had left, and never hears of it if not."""
    number = await desk.open(town)
    await desk.send(number)
    await desk.conn.execute("INSERT INTO devices (name, unit) VALUES ('xjk-04', 'xjk')")
    for minute, sent in ((81, True), (82, False)):
        if sent:
            await commands.mark_sent(desk.conn, "a1-2", at(80))
        desk.minute = minute
        async with desk.conn.transaction():
            device = "xjk-04" if sent else "xjk-03"
            seen = 2 if sent else 3
            await dispatch.assign(desk.conn, number, device, actor="li", at=at(minute), seen=seen, key=None)
    waiting = await commands.claim(desk.conn, at(82), 10)
    assert [(one.id, one.type, one.device) for one in waiting] == [
        ("a1-2-cancel", "cancel", "xjk-03"),
        ("a1-4", "goto", "xjk-03"),
    ]
    rows = await desk.conn.fetch("SELECT state FROM tasks ORDER BY id")
    assert [row["state"] for row in rows] == ["cancelled", "cancelled", "given"]


async def test_timers_fire_once_however_many_look_and_however_late(desk: Desk, town: Town) -> None:
    """Two processes that come back an hour late escalate once, to the person on duty for the street at that level."""
    for level, account in ((1, "zhang"), (2, "li"), (3, "wang")):
        await desk.conn.execute("INSERT INTO accounts VALUES ($1, '', 'supervisor', now())", account)
        given = alerting.DutyRosterGiven(
            account=account, area="441302010", level=level, starts=db.moment(at(0)), ends=db.moment(at(600))
        )
        assert await rosters.put(desk.conn, given, "admin") is not None
    number = await desk.open(town)
    assert await timers.fire(desk.pool, at(90) - 1) == 0
    assert sum(await asyncio.gather(*(timers.fire(desk.pool, at(140)) for _ in range(2)))) == 1
    found = await AlertStore(desk.pool).get(number)
    assert found is not None
    assert found.steps is not None
    assert (found.state, found.escalation, found.escalates_at) == ("escalated", 1, db.moment(at(155)))
    assert found.steps[-1].facts == {"due": rest.rfc3339(db.moment(at(90))), "escalation": 1, "to": ["li"]}
    assert found.steps[-1].text_zh == "02-02 10:20:00 逾期无人处理，升级至第 2 级 li"


async def test_a_snooze_wakes_by_itself_and_is_withdrawn_by_late_data(desk: Desk, town: Town) -> None:
    """It says nothing until its moment; data that disproves it ends it in any state."""
    number = await desk.open(town)
    assert isinstance(
        await desk.do(number, Step.SNOOZED, until=at(100), facts=StepFacts(reason="集市")), alerting.Alert
    )
    assert (await desk.after(99)).state == "snoozed"
    assert (await desk.after(100)).state == "open"
    await desk.do(number, Step.SNOOZED, until=at(200), facts=StepFacts(reason="集市"))
    withdrawn = Change(
        key="k1", kind="coverage_gap", step=Step.WITHDRAWN, level=Level.ORANGE, at=at(101),
        facts=Ending(visit_in="2026-02-02T01:25:00.000Z", why="late_data"),
    )  # fmt: skip
    (alert,) = await AlertStore(desk.pool).apply([withdrawn])
    assert (alert.state, alert.snoozed_until) == ("withdrawn", None)
    assert (await desk.after(500)).state == "withdrawn"
    assert await desk.story() == ["opened", "snoozed", "woken", "snoozed", "withdrawn"]


async def test_a_device_that_is_away_has_a_bounded_number_of_commands(desk: Desk, town: Town) -> None:
    """The fifty-first is not taken, one that is there already is."""
    assert town is not None

    async def give(n: int) -> bool:
        return await commands.enqueue(
            desk.conn, number=f"m{n}", device=1, kind="notify", body={}, at=at(80), expires=at(90)
        )

    assert [await give(n) for n in range(51)] == [True] * 50 + [False]
    assert await give(7)
