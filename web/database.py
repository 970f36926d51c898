"""The pool of a web process: opened in the background, and again after the database was unavailable."""

import asyncio

import asyncpg
import structlog

from runtime import sockets
from runtime.db import Pool
from web import problems

RETRY_S = 1.0
POOL_SIZE = 10

log = structlog.get_logger(__name__)


class Database:
    """Gives the pool after the database was reached; until then requests get an error.

    Args:
        url: postgresql:// address.
        size: most connections; further requests wait up to `acquire_s` for one.
    """

    def __init__(self, url: str, *, size: int = POOL_SIZE, command_s: float = 30) -> None:
        self._url = url
        self._size = size
        self._command_s = command_s
        self._pool: Pool | None = None
        self._opened = asyncio.Event()

    @property
    def pool(self) -> Pool:
        """The pool.

        Raises:
            NotReadyError: the database was not reached yet.
        """
        if self._pool is None:
            raise problems.NotReadyError
        return self._pool

    async def opened(self) -> Pool:
        """Wait until the database was reached once."""
        await self._opened.wait()
        return self.pool

    async def open(self) -> None:
        """Open the pool, trying again until the database answers."""
        while self._pool is None:
            try:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=1,
                    max_size=self._size,
                    command_timeout=self._command_s,
                    timeout=5,
                    init=sockets.watch_database,
                    server_settings={"application_name": "patrol-web", "timezone": "UTC", **sockets.SERVER_SETTINGS},
                )
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("web.database_away", error=str(error), retry_s=RETRY_S)
                await asyncio.sleep(RETRY_S)
        self._opened.set()

    async def close(self) -> None:
        """Close the pool, hurrying connections that are in use."""
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(2):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()
