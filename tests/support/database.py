"""A real PostgreSQL for the tests, and fresh databases on it cloned from a migrated one."""

import asyncio
import itertools
import os
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from patrol.services import migrate

_TEMPLATE = f"patrol_template_{os.getpid()}"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class TestServer:
    """A PostgreSQL server we may create databases on; `admin_url` names one that always exists."""

    __test__ = False

    admin_url: str

    def url(self, database: str) -> str:
        """Return the address of another database on the server."""
        parts = urlsplit(self.admin_url)
        return urlunsplit(parts._replace(path=f"/{database}"))

    def make_template(self) -> None:
        """Make the migrated database that the others are cloned from."""
        asyncio.run(self._execute(f"DROP DATABASE IF EXISTS {_TEMPLATE}", f"CREATE DATABASE {_TEMPLATE}"))
        asyncio.run(migrate.migrate(self.url(_TEMPLATE)))

    def drop_template(self) -> None:
        """Remove it."""
        asyncio.run(self._execute(f"DROP DATABASE IF EXISTS {_TEMPLATE} WITH (FORCE)"))

    async def create(self, *, migrated: bool = True) -> str:
        """Make a fresh database and return its address."""
        name = f"patrol_test_{os.getpid()}_{next(_numbers)}"
        template = _TEMPLATE if migrated else "template1"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    async def drop(self, url: str) -> None:
        """Remove a database, ending what is still connected to it."""
        await self._execute(f"DROP DATABASE IF EXISTS {urlsplit(url).path[1:]} WITH (FORCE)")

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.admin_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()
