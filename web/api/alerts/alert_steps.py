"""Actions on alerts: acknowledge, assign, snooze, escalate, close, note. Each is a step with its actor.

`If-Match: "7"` acts only on the version seen by the caller; `Idempotency-Key` makes a repeated request act once.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response

from alerts.life.life import MINUTE, Act, ActRefusal
from alerts.life.model import Step
from alerts.life.step_facts import StepFacts
from alerts.run import dispatch
from alerts.store import shown, store
from runtime import db
from schemas import alerting, pages, rest
from tracking.store.tracks import device_store
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.http import params

router = APIRouter(prefix="/alerts/{number}", tags=["alerts"])

_VERSION = re.compile(r'"?(\d{1,9})"?', re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAction:
    """Who acts on which alert, and how."""

    request: Request
    response: Response
    pool: Annotated[db.Pool, Depends(context.pool)]
    see: Annotated[Sight, Depends(access.sight)]
    number: params.Number
    if_match: Annotated[str | None, Header(max_length=20, description="Version seen by the caller.")] = None
    idempotency_key: Annotated[str | None, Header(pattern=r"^[!-~]{1,64}$", description="Identifies the request.")] = (
        None
    )
    at: int = field(default_factory=lambda: time.time_ns() // 1_000_000, init=False)

    @property
    def actor(self) -> str:
        """Name of who acts."""
        return context.principal(self.request).name

    @property
    def key(self) -> str | None:
        """The idempotency key, of this actor alone."""
        return None if self.idempotency_key is None else f"{self.actor}:{self.idempotency_key}"

    @property
    def seen(self) -> int | None:
        """Version the caller saw.

        Raises:
            ProblemError: If-Match does not name one.
        """
        if self.if_match is None or self.if_match.strip() == "*":
            return None
        match = _VERSION.fullmatch(self.if_match.strip())
        if match is None:
            raise problems.ProblemError(422, 'If-Match takes the version of the alert, such as "7".')
        return int(match.group(1))

    def act(self, step: Step, **what: Any) -> Act:
        """Describe the act."""
        return Act(step=step, at=self.at, actor=self.actor, seen=self.seen, key=self.key, **what)


Do = Annotated[AlertAction, Depends()]


@router.post("/acknowledge", response_model=alerting.Alert)
async def acknowledge(do: Do) -> alerting.Alert:
    """Acknowledge the alert."""
    return await _step(do, do.act(Step.ACKNOWLEDGED))


@router.post("/assign", response_model=alerting.Alert)
async def assign(do: Do, assignment: pages.AssignGiven) -> alerting.Alert:
    """Send the officer who carries a device; with If-Match also as a replacement of the one sent before."""

    async def send(conn: db.Connection) -> alerting.Alert | ActRefusal | None:
        devices = await device_store.named(conn, [assignment.device])
        if not devices or not do.see.sees_device(devices[0].id):
            raise problems.not_found(f"Device {assignment.device}")
        return await dispatch.assign(
            conn, do.number, assignment.device, actor=do.actor, at=do.at, seen=do.seen, key=do.key
        )

    return await _taken(do, send)


@router.post("/snooze", response_model=alerting.Alert)
async def snooze(do: Do, snoozed: pages.SnoozeGiven) -> alerting.Alert:
    """Snooze the alert; it returns at the end of the snooze, or when its level rises."""
    until = do.at + snoozed.minutes * MINUTE
    facts = StepFacts(reason=snoozed.reason, until=rest.rfc3339(db.moment(until)))
    return await _step(do, do.act(Step.SNOOZED, until=until, facts=facts))


@router.post("/escalate", response_model=alerting.Alert)
async def escalate(do: Do, body: pages.ReasonGiven) -> alerting.Alert:
    """Escalate the alert to the next person on the duty roster."""
    return await _step(do, do.act(Step.ESCALATED, facts=StepFacts(reason=body.reason)))


@router.post("/close", response_model=alerting.Alert)
async def close(do: Do, body: pages.ReasonGiven) -> alerting.Alert:
    """Close the alert; it is never reopened."""
    return await _step(do, do.act(Step.CLOSED, facts=StepFacts(reason=body.reason)))


@router.post("/note", response_model=alerting.Alert)
async def note(do: Do, body: pages.NoteGiven) -> alerting.Alert:
    """Add a note, also after the end."""
    return await _step(do, do.act(Step.NOTED, facts=StepFacts(text=body.text)))


async def _step(do: AlertAction, act: Act) -> alerting.Alert:
    return await _taken(do, lambda conn: store.act_on(conn, do.number, act))


async def _taken(
    do: AlertAction, take: Callable[[db.Connection], Awaitable[alerting.Alert | ActRefusal | None]]
) -> alerting.Alert:
    """Take a step on an alert in sight, and return the alert."""
    async with do.pool.acquire() as conn, conn.transaction():
        if await shown.with_steps(conn, do.number, do.see.seen) is None:
            raise problems.not_found(f"Alert {do.number}")
        outcome = await take(conn)
        if isinstance(outcome, ActRefusal):
            raise problems.ProblemError(409, outcome.detail, why=outcome.why.value)
        after = await shown.with_steps(conn, do.number, do.see.seen)
    if outcome is None or after is None:
        raise problems.not_found(f"Alert {do.number}")
    do.response.headers["ETag"] = f'"{after.version}"'
    return after
