"""`patrol db check`: configuration of the database, its faults, and remedies."""

import asyncio

import asyncpg

from patrol.checks import connectivity, database, findings
from patrol.settings.settings import Settings


def run(settings: Settings) -> None:
    """Check the database and print the findings.

    Raises:
        SetupError: something must be corrected.
    """
    results = asyncio.run(_examine(connectivity.database_url(settings)))
    findings.show("Database 数据库", results)
    findings.conclude(results)


async def _examine(url: str) -> list[findings.CheckResult]:
    await connectivity.check_database(url)
    conn = await asyncpg.connect(url, server_settings={"application_name": "patrol db check"})
    try:
        return await database.examine(conn)
    finally:
        await conn.close()
