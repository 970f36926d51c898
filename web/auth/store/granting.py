"""Rights for changing accounts and tokens: nobody grants rights they lack."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from runtime import db
from web import problems
from web.auth.principal import Principal
from web.auth.store import principals
from web.store import areas as in_city

# Serialised, so that two administrators cannot demote each other at the same time.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('patrol.accounts'))"


@dataclass(frozen=True, slots=True)
class Granter:
    """Author of a change of accounts or tokens, with the present rights."""

    actor: str
    """Name, for the audit record."""
    who: Principal | None = None
    """None: the command line, which has all rights."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def granting(self, conn: db.Connection) -> Principal | None:
        """Lock out other changes and read the present rights; call it in a transaction.

        Raises:
            ProblemError: the account or token ended meanwhile.
        """
        await conn.execute(LOCK)
        granter = None if self.who is None else await principals.reread(conn, self.who, self.now())
        if self.who is not None and granter is None:
            raise problems.ProblemError(401, "Your session or token ended meanwhile; sign in again.")
        return granter


async def demand_areas(conn: db.Connection, areas: Collection[str] | None) -> None:
    """Check that areas exist.

    Raises:
        ProblemError: one of them does not exist.
    """
    missing = sorted(set(areas or ()).difference(await in_city.existing(conn, areas or ())))
    if missing:
        raise problems.ProblemError(422, f"There is no area {', '.join(missing)}; GET /api/v1/areas lists them.")
