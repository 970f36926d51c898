"""Whatever accounts and tokens do to one another, nobody holds more than somebody living gave."""

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import argon2
import httpx2
import pytest

from tests.integration.web.granting import PASSWORD, session
from tests.support import web
from tests.support.clock import Clock
from web.auth import hashing
from web.auth.access import PERMISSIONS, Permission, Role


@dataclass
class Made:
    """Something that opens, as the test believes it to be: an account of its own bookkeeping."""

    client: httpx2.AsyncClient
    holds: frozenset[str]
    until: datetime | None
    maker: "Made | None"
    """With whom it must end; None: the root, or a person who need not stay."""
    number: int | None = None
    name: str | None = None
    ended: bool = False

    def lives(self, now: datetime) -> bool:
        """Whether it may open anything."""
        over = self.ended or (self.until is not None and self.until <= now)
        return not over and (self.maker is None or self.maker.lives(now))


class Game:
    """Random grants, narrowings and ends, and what may follow from them at most."""

    def __init__(self, timed: web.WebServer, clock: Clock, seed: int) -> None:
        self.timed, self.clock, self.dice = timed, clock, random.Random(seed)  # noqa: S311 - a test
        self.root = Made(timed.client(), frozenset(Permission), None, None)
        self.made = [self.root]

    async def play(self, steps: int) -> None:
        """Do something at random, and look whether anybody holds too much, again and again."""
        for n in range(steps):
            await self.dice.choice(
                [self.grant, self.grant, self.grant, self.account, self.end, self.narrow, self.wait]
            )(n)
            await self.look()

    async def grant(self, n: int) -> None:
        """Somebody asks for a token, for whatever they like."""
        by = self._somebody()
        role = self.dice.choice(list(Role))
        given: dict[str, Any] = {"name": f"t{n}", "role": role, "expires_at": self._end()}
        held: frozenset[str] = PERMISSIONS[role]
        if self.dice.random() < 0.7:
            scopes = self.dice.sample(sorted(held), self.dice.randint(1, len(held)))
            given["scopes"] = [*scopes, *(["accounts"] if "accounts" in held else [])]
            held &= frozenset(given["scopes"])
        answer = await by.client.post("/api/v1/tokens", json=given)
        if answer.status_code == 201:
            client = self.timed.client(token=answer.json()["token"])
            number = max(item["id"] for item in (await self.root.client.get("/api/v1/tokens")).json()["items"])
            maker = None if by is self.root else by
            self._note(by, Made(client, held, self._time(given["expires_at"]), maker, number=number))

    async def account(self, n: int) -> None:
        """Somebody asks for an account and signs in with it."""
        by = self._somebody()
        role = self.dice.choice([Role.ADMINISTRATOR, Role.COMMANDER, Role.AUDITOR])
        given: dict[str, Any] = {"name": f"a{n}", "role": role, "password": PASSWORD, "valid_to": self._end()}
        answer = await by.client.post("/api/v1/accounts", json=given)
        if answer.status_code == 201:
            client = await session(self.timed, given["name"])
            maker = by
            while maker.name is not None and maker.maker is not None:
                maker = maker.maker  # a person's accounts end with the token that made the person, if one did
            kept = None if maker is self.root or maker.name is not None else maker
            self._note(by, Made(client, PERMISSIONS[role], self._time(given["valid_to"]), kept, name=given["name"]))

    async def end(self, _n: int) -> None:
        """The root ends something."""
        one = self.dice.choice(self.made)
        if one.number is not None and one.lives(self.clock.now):
            assert (await self.root.client.delete(f"/api/v1/tokens/{one.number}")).status_code == 204
            one.ended = True
        elif one.name is not None:
            change = self.dice.choice([{"disabled": True}, {"valid_to": "2001-01-01T00:00:00Z"}])
            assert (await self.root.client.patch(f"/api/v1/accounts/{one.name}", json=change)).status_code == 200
            one.ended = True

    async def narrow(self, _n: int) -> None:
        """The root takes rights from an account: its session and all it made end."""
        one = self.dice.choice(self.made)
        if one.name is not None:
            change = {"role": "analyst"}
            assert (await self.root.client.patch(f"/api/v1/accounts/{one.name}", json=change)).status_code == 200
            one.ended = True

    async def wait(self, _n: int) -> None:
        """Time passes."""
        self.clock.now += timedelta(minutes=self.dice.randint(1, 8))

    async def look(self) -> None:
        """Whoever opens anything lives, and so does who made it; nobody holds more than was given by who held it."""
        for one in self.made[1:]:
            answer = await one.client.get("/api/v1/session")
            if answer.status_code == 200:
                assert one.lives(self.clock.now), json.dumps(answer.json())
                assert one.holds >= PERMISSIONS[Role(answer.json()["role"])] or one.number is not None
            else:
                assert answer.status_code in (401, 403)

    def _somebody(self) -> Made:
        """Mostly somebody who may still ask for something."""
        living = [one for one in self.made if one.lives(self.clock.now)]
        return self.dice.choice(living if self.dice.random() < 0.85 else self.made)

    def _note(self, by: Made, made: Made) -> None:
        assert by.lives(self.clock.now)
        assert made.holds <= by.holds, sorted(made.holds - by.holds)
        if by.until is not None:
            made.until = by.until if made.until is None else made.until
            assert made.until <= by.until
        self.made.append(made)

    def _end(self) -> str | None:
        minutes = self.dice.choice([None, 10, 60, 300])
        return None if minutes is None else (self.clock.now + timedelta(minutes=minutes)).isoformat()

    def _time(self, text: str | None) -> datetime | None:
        return None if text is None else datetime.fromisoformat(text)


@pytest.mark.parametrize("seed", range(4))
async def test_nobody_ever_holds_more_than_living_holders_gave(
    timed: web.WebServer, clock: Clock, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random grants, narrowings and ends by everybody to everybody, whatever they hold."""
    # What is tested is who holds what, not the cost of a password.
    monkeypatch.setattr(hashing, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    game = Game(timed, clock, seed)
    try:
        await game.play(60)
    finally:
        for one in game.made:
            await one.client.aclose()
    assert len(game.made) > 10
