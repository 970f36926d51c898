"""What steps put into the outbox, and what of it reaches whom, with a real sink for webhooks."""

import asyncio
import json
import unicodedata
from dataclasses import replace
from typing import Any

import pytest

from alerts.life.model import Change, Level, Step
from alerts.notify.message import OutgoingMessage
from alerts.run.notify import webhook
from alerts.run.notify.outbox import ChannelKind
from alerts.store.notify import channels, queue
from alerts.store.store import AlertStore
from runtime import db
from tests.integration.alerts.conftest import Town, at
from tests.integration.alerts.office import SECRET, Office
from tests.support.sink import Sink
from tests.support.stored_facts import as_stored


@pytest.fixture
def office(pool: db.Pool, conn: db.Connection, sink: Sink, town: Town) -> Office:
    """An office of the town."""
    assert town is not None
    return Office(pool, conn, sink)


async def test_steps_are_told_to_who_is_on_duty_and_to_systems(office: Office) -> None:
    """The person hears of what needs somebody, the system of every step; each once, signed, under its key."""
    person, system = await office.channel("zhang"), await office.channel()
    await office.channel("li", level="red")
    await office.step()
    await office.step()
    assert await office.after(80) == [("a1-1-c1", "sent"), ("a1-1-c2", "sent")]
    await office.step(Step.LOWERED, level=Level.YELLOW)
    await office.step(Step.RESOLVED)
    assert (await office.after(81))[2:] == [(f"a1-3-c{system}", "sent")]
    assert await office.after(200) == await office.after(300)
    ids = [headers["webhook-id"] for headers, _ in office.sink.taken]
    assert ids == [f"a1-1-c{person}", f"a1-1-c{system}", f"a1-3-c{system}"]
    headers, body = office.sink.taken[0]
    expected = webhook.signature(SECRET, ids[0], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == expected
    (notice,) = json.loads(body)["notices"]
    assert (notice["step"], notice["alert"]["level"]) == ("opened", "orange")


async def test_what_somebody_took_on_needs_nobody_else(office: Office) -> None:
    """Ended within the digest's window or the grace, it is not told; the log says why."""
    await office.channel("zhang", digest_min=15)
    await office.step()
    await office.step(key="k2")
    assert await office.after(80) == [("a1-1-c1", "waiting"), ("a2-1-c1", "waiting")]
    await office.step(Step.RESOLVED)
    assert await office.after(90) == [("a1-1-c1", "needless"), ("a2-1-c1", "sent")]
    assert [len(body["notices"]) for body in office.sink.bodies()] == [1]


async def test_the_officer_is_told_first_and_the_supervisor_after_a_grace(office: Office) -> None:
    """The device gets a command at once; after two minutes, if it still stands, whoever is on duty."""
    await office.channel("zhang")
    facts = {"name": "甲", "battery": 9, "shift_ends": None, "at": "2026-02-02T01:20:00.000Z", "device": "xjk-03"}
    change = Change(key="b1", kind="low_battery", step=Step.OPENED, level=Level.ORANGE, device=1, area="441302010",
                    at=at(80), facts=as_stored(facts))  # fmt: skip
    await AlertStore(office.pool).apply([change])
    (command,) = await office.conn.fetch("SELECT id, type, body FROM commands")
    assert (command["id"], command["type"]) == ("n1-1", "notify")
    assert "甲" in json.loads(command["body"])["text"]
    assert await office.after(81.9) == [("a1-1-c1", "waiting")]
    assert await office.after(82) == [("a1-1-c1", "sent")]
    await AlertStore(office.pool).apply([replace(change, key="s1", kind="sos", level=Level.RED, at=at(82))])
    assert (await office.after(82))[1:] == [("a2-1-c1", "sent")]
    assert await office.conn.fetchval("SELECT count(*) FROM commands") == 1


async def test_a_refusing_receiver_is_tried_again_under_the_same_id_and_given_up(office: Office) -> None:
    """Eight tries within some hours; a redirect is not followed; 410 switches the channel off."""
    number = await office.channel()
    await office.step()
    office.sink.status = 302
    assert await office.after(80) == [("a1-1-c1", "waiting")]
    assert await office.after(80.05) == [("a1-1-c1", "waiting")]
    assert len(office.sink.taken) == 1
    for minute in (81, 82, 84, 90, 106, 140, 210):
        last = await office.after(minute)
    assert last == [("a1-1-c1", "failed")]
    assert {headers["webhook-id"] for headers, _ in office.sink.taken} == {"a1-1-c1"}
    assert len(office.sink.taken) == 8
    office.sink.status = 410
    await office.step(key="k2")
    assert (await office.after(211))[1:] == [("a2-1-c1", "failed")]
    shown = await channels.get(office.conn, number, None)
    assert shown is not None
    assert (shown.enabled, shown.fault) == (False, "answered 410")


async def test_addresses_of_the_own_network_are_closed_unless_allowed(office: Office) -> None:
    """Nothing reaches the sink, and the log tells what to set, not the address."""
    await office.channel()
    await office.step()
    office.outbox = office.made("")
    await office.after(80)
    assert office.sink.taken == []
    detail = await office.conn.fetchval("SELECT detail FROM deliveries")
    assert detail == "the address is not public: add its network to PATROL_NOTIFY_ALLOW"


@pytest.mark.parametrize(("repeatable", "ends"), [(True, ["sent", 2]), (False, ["unsure", 1])])
async def test_a_process_that_dies_while_sending_repeats_only_what_carries_its_id(
    office: Office, repeatable: bool, ends: list[Any]
) -> None:
    """After the lease another process sends again under the same id, or marks that nobody knows."""
    tried: list[str] = []

    async def dies(target: Any, message: OutgoingMessage) -> None:  # noqa: ARG001 - a Sender
        tried.append(message.id)
        if len(tried) == 1:
            raise asyncio.CancelledError

    await office.channel()
    await office.step()
    office.outbox = office.made("", webhook=ChannelKind(send=dies, repeatable=repeatable, lease_ms=60_000))
    office.minute = 80
    await office.outbox.step()
    assert await office.after(80.9) == [("a1-1-c1", "sending")]
    assert await office.after(81) == [("a1-1-c1", ends[0])]
    assert tried == ["a1-1-c1"] * ends[1]


async def test_what_was_put_in_by_a_clock_that_was_ahead_does_not_wait_for_it(office: Office) -> None:
    """Neither a row that was made in what is the future again, nor one whose sender died then."""
    hook = await office.channel()
    office.minute = 90.0
    await office.step()
    assert await office.after(80) == [(f"a1-1-c{hook}", "sent")]
    await office.step(key="k2")
    await office.conn.execute(
        "UPDATE deliveries SET state = 'sending', message = key, due_at = $1 WHERE alert = 2", db.moment(at(90))
    )
    assert await office.after(81) == [(f"a1-1-c{hook}", "sent"), (f"a2-1-c{hook}", "sent")]
    assert [headers["webhook-id"] for headers, _ in office.sink.taken] == [f"a1-1-c{hook}", f"a2-1-c{hook}"]


async def test_a_clock_that_was_ahead_shortens_no_wait_between_tries(office: Office) -> None:
    """What was made in what is the future again is tried as often as anything else, and comes in the end."""
    hook = await office.channel()
    office.minute = 140.0
    await office.step()
    office.minute, office.sink.then = 80.0, [503, 503]
    for seconds in range(4):
        office.minute = 80 + seconds / 60
        await office.outbox.step()
    assert len(office.sink.taken) == 1
    assert await office.after(80.1) == [(f"a1-1-c{hook}", "waiting")]
    assert await office.after(80.5) == [(f"a1-1-c{hook}", "sent")]
    assert [headers["webhook-id"] for headers, _ in office.sink.taken] == [f"a1-1-c{hook}"] * 3


async def test_a_wait_that_a_clock_ahead_had_begun_ends(office: Office) -> None:
    """The next try was set by a clock that is an hour back now: it comes within the longest wait after that try."""
    hook = await office.channel()
    await office.step()
    office.minute, office.sink.then = 140.0, [503]
    assert await office.after(140) == [(f"a1-1-c{hook}", "waiting")]
    assert await office.after(81) == [(f"a1-1-c{hook}", "sent")]


async def test_a_channel_that_does_not_keep_up_has_a_bounded_queue(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes beyond is dropped, and the log says so."""
    monkeypatch.setattr(queue, "MOST_WAITING", 2)
    await office.channel()
    for n in range(3):
        await office.step(key=f"k{n}")
    assert [state for _, state in await office.after(79)] == ["waiting", "waiting", "dropped"]
    assert [state for _, state in await office.after(80)] == ["sent", "sent", "dropped"]
    assert [body["kind"] for body in office.sink.bodies()] == ["digest"]


async def test_a_test_message_goes_at_once_and_by_its_name_once(office: Office) -> None:
    """Also in quiet hours."""
    number = await office.channel(quiet=["00:00", "23:59"])
    first = await queue.test(office.conn, number, "t1", office.now())
    assert await queue.test(office.conn, number, "t1", office.now()) == first
    assert await queue.test(office.conn, number + 1, "t1", office.now()) is None
    assert await office.after(80) == [("test-1-t1", "sent")]
    assert office.sink.bodies() == [{"id": "test-1-t1", "kind": "test", "notices": []}]


async def test_what_is_secret_is_never_shown(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in lists nor in the log of deliveries nor in what the process logs; a removed channel forgets it."""
    number = await office.channel()
    await office.step()
    office.sink.status = 500
    await office.after(80)
    log = await channels.deliveries(
        office.conn, owner=None, channel=None, alert=None, state=None, before=None, limit=10
    )
    shown = str(await channels.listed(office.conn, None)) + str(log) + "".join(capsys.readouterr())
    assert "answered 500" in shown
    for secret in (SECRET, office.sink.url, "127.0.0.1"):
        assert secret not in shown
    assert await channels.remove(office.conn, number, None, office.now())
    assert await office.conn.fetchval("SELECT target::text FROM channels") == "{}"


RIGHTS = {
    "whole city": ("areas = NULL", "sent"),
    "its street": ("areas = '{441302010}'", "sent"),
    "another street": ("areas = '{}'", "dropped"),
    "disabled": ("disabled = true", "dropped"),
    "over": ("valid_to = '2026-02-02T01:19:59Z'", "dropped"),
    "auditor": ("role = 'auditor'", "dropped"),
}


@pytest.mark.parametrize("rights", RIGHTS)
async def test_nobody_is_told_what_they_could_not_look_at(office: Office, rights: str) -> None:
    """Rights are read when the message is sent: whoever was shut out meanwhile is told nothing."""
    change, state = RIGHTS[rights]
    await office.channel("zhang")
    await office.step()
    await office.conn.execute("UPDATE accounts SET " + change + " WHERE name = 'zhang'")  # noqa: S608 - our own texts
    assert await office.after(80) == [("a1-1-c1", state)]
    assert len(office.sink.taken) == (1 if state == "sent" else 0)


def _read(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text).casefold() if sign.isalnum())


async def test_message_to_a_street_names_nobody_of_another(office: Office) -> None:
    """The nearest officer of an alert is of another unit: who sees this street alone is not told the name."""
    await office.channel("zhang")
    await office.channel("li")
    await office.conn.execute("UPDATE accounts SET areas = '{441302010}' WHERE name = 'zhang'")
    await office.conn.execute("UPDATE units SET area = NULL")
    await office.step(facts={"officer": "xjk-03", "reason": "waiting for XJK-03.", "near": ["ＸＪＫ－０３。"]})
    assert await office.after(80) == [("a1-1-c1", "sent"), ("a1-1-c2", "sent")]
    said = sorted(_read(json.dumps(body, ensure_ascii=False)).count("xjk03") for body in office.sink.bodies())
    assert said[0] == 0
    assert said[1] >= 3
