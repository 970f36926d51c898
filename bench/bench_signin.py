"""Whether the time of a failed sign-in discloses that an account exists: `make bench-signin ARGS="--strict"`.

Names that exist (active, disabled, of the OpenID provider) and names that do not are tried with wrong passwords.
The figure is how well the time tells them apart: the share of pairs in which the one that exists took longer, 0.5 being
a guess. The baseline is the same sign-in without a hash to verify where no account exists.
"""

import asyncio
import json
import math
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from patrol.services import migrate, postgres
from runtime import db
from web.auth import authentication, hashing

SIGMAS = 4.0
"""A share so many standard errors from one half is no accident."""
LEAST_BASELINE = 0.9
"""Of the baseline: else the measurement could not see a difference at all."""
KINDS = ("active", "disabled", "openid")
Try = Callable[[db.Pool, str], Awaitable[object]]


def main(
    tries: Annotated[int, typer.Option(min=50, help="Sign-ins of each kind of name")] = 400,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if the target is missed")] = False,
) -> None:
    """Measure and judge."""
    figures = asyncio.run(_measure(tries))
    allowed = SIGMAS * math.sqrt((2 * tries + 1) / (12 * tries * tries))
    table = Table(title=f"Does time tell that an account exists? {tries} tries each; 0.500 ± {allowed:.3f} is a guess")
    for name in ("name that exists", "share of pairs it takes longer"):
        table.add_column(name)
    for name, share in figures.items():
        table.add_row(name, f"{share:.3f}")
    Console().print(table)
    missed = [name for name, share in figures.items() if name != "baseline" and abs(share - 0.5) > allowed]
    missed += ["baseline"] if figures["baseline"] < LEAST_BASELINE else []
    if json_file is not None:
        json_file.write_text(json.dumps({"shares": figures, "allowed": allowed, "missed": missed}, indent=1))
    for name in missed:
        Console(stderr=True).print(f"missed: {name}: {figures[name]:.3f}")
    if strict and missed:
        raise typer.Exit(1)


async def _measure(tries: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="patrol-bench-") as folder:
        server = postgres.EmbeddedPostgres(Path(folder))
        await server.start()
        try:
            await migrate.migrate(server.url)
            async with asyncpg.create_pool(server.url, min_size=1, max_size=2) as pool:
                await _fill(pool)
                shares = {name: await _share(pool, name, _sign_in, tries) for name in KINDS}
                return {**shares, "baseline": await _share(pool, "active", _naive, tries)}
        finally:
            server.stop()


async def _fill(pool: db.Pool) -> None:
    hashed = await hashing.hash_password("the right one")
    for name, disabled, issuer in (("active", False, None), ("disabled", True, None), ("openid", False, "https://x")):
        await pool.execute(
            "INSERT INTO accounts (name, password_hash, role, disabled, issuer) VALUES ($1, $2, 'analyst', $3, $4)",
            name, hashed, disabled, issuer,
        )  # fmt: skip


async def _sign_in(pool: db.Pool, name: str) -> object:
    return await authentication.sign_in(pool, name, "a wrong password")


async def _naive(pool: db.Pool, name: str) -> object:
    known = await pool.fetchval("SELECT true FROM accounts WHERE name = $1", name)
    return await _sign_in(pool, name) if known else None


async def _share(pool: db.Pool, name: str, attempt: Try, tries: int) -> float:
    """Share of pairs in which the name that exists took longer; both kinds are mixed by chance."""
    order = [name, "nobody"] * tries
    random.Random(1).shuffle(order)  # noqa: S311 - an order, no secret
    spent: dict[str, list[int]] = {name: [], "nobody": []}
    for each in order:
        asked = each if each == name else f"no-{len(spent['nobody'])}"
        start = time.perf_counter_ns()
        await attempt(pool, asked)
        spent[each].append(time.perf_counter_ns() - start)
    pairs = ((one > other) + 0.5 * (one == other) for one in spent[name] for other in spent["nobody"])
    return sum(pairs) / tries**2


if __name__ == "__main__":
    typer.run(main)
