"""Who makes or changes accounts and tokens: nobody gives what they do not hold themselves."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from runtime import db
from web import problems
from web.auth.principal import Principal
from web.auth.store import principals
from web.store import areas as in_city

# Two administrators who demote one another at the same time must take turns.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('patrol.accounts'))"


@dataclass(frozen=True, slots=True)
class Granter:
    """Who makes or changes accounts and tokens, and goes by their rights of this moment."""

    actor: str
    """Name, for the audit record."""
    who: Principal | None = None
    """None: the command line, which holds everything."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def granting(self, conn: db.Connection) -> Principal | None:
        """Take turns with everybody who grants, and look up what is held now; call it in a transaction.

        Raises:
            ProblemError: it ended meanwhile.
        """
        await conn.execute(LOCK)
        granter = None if self.who is None else await principals.reread(conn, self.who, self.now())
        if self.who is not None and granter is None:
            raise problems.ProblemError(401, "Your session or token ended meanwhile; sign in again.")
        return granter


async def demand_areas(conn: db.Connection, areas: Collection[str] | None) -> None:
    """Let through areas of the city.

    Raises:
        ProblemError: there is one of them not in it.
    """
    missing = sorted(set(areas or ()).difference(await in_city.existing(conn, areas or ())))
    if missing:
        raise problems.ProblemError(422, f"There is no area {', '.join(missing)}; GET /api/v1/areas lists them.")
