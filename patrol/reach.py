"""Whether the database and the broker of the settings can be reached, and what to do when they cannot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from patrol import errors
from patrol.services import postgres
from patrol.settings import Settings

_SECONDS = 10.0
_PORTS = {"mqtt": 1883, "mqtts": 8883}


def database_url(settings: Settings) -> str:
    """Return the database of the settings, or the embedded one of the data folder.

    Raises:
        SetupError: there is neither.
    """
    if settings.database_url is not None:
        return settings.database_url
    address = postgres.recorded(settings.data_dir / "postgres")
    if address is None:
        raise errors.SetupError(
            f"Which database? Give --database-url or PATROL_DATABASE_URL, or start `patrol demo` first "
            f"(there is none in {settings.data_dir})."
        )
    return address.url()


@asynccontextmanager
async def connected(url: str, **settings: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the database, with `settings` of the server.

    Raises:
        SetupError: it cannot be reached, or has no tables; says what to do.
    """
    await check_database(url)
    connection = await asyncpg.connect(url, server_settings=settings)
    try:
        yield connection
    except asyncpg.UndefinedTableError as fault:
        raise errors.SetupError("The database has no tables yet: run `patrol migrate` first.") from fault
    finally:
        await connection.close()


async def check_database(url: str) -> None:
    """Connect once.

    Raises:
        SetupError: it cannot be reached; says what to do.
    """
    where = without_password(url)
    try:
        connection = await asyncpg.connect(url, timeout=_SECONDS)
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as fault:
        raise errors.SetupError(
            f"The database at {where} refuses the user or password: correct --database-url."
        ) from fault
    except asyncpg.InvalidCatalogNameError as fault:
        raise errors.SetupError(f"There is no such database at {where}: create it with createdb.") from fault
    except (OSError, TimeoutError) as fault:
        raise errors.SetupError(
            f"No database answers at {where} ({_why(fault)}): start it, or correct --database-url "
            "or PATROL_DATABASE_URL."
        ) from fault
    except (ValueError, asyncpg.InterfaceError):
        # What asyncpg says of an address it cannot read repeats a part of it, which may be of the password.
        raise errors.SetupError(
            f"{where!r} is no address of a database: write postgresql://user:password@host:port/database, "
            "with %2F for / and %40 for @ in the password."
        ) from None
    except asyncpg.PostgresError as fault:
        raise errors.SetupError(f"The database at {where} does not let us in: {fault}.") from fault
    await connection.close()


async def check_broker(url: str) -> None:
    """Open a connection to the broker once.

    Raises:
        SetupError: it cannot be reached; says what to do.
    """
    where = without_password(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        host = port = None
    if not host or port is None or parts.scheme not in _PORTS:
        raise errors.SetupError(
            f"{where!r} is no address of a broker: write mqtt://user:password@host:port, "
            "with %2F for / and %40 for @ in the password."
        )
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as fault:
        raise errors.SetupError(
            f"No broker answers at {where} ({_why(fault)}): start it, or correct --mqtt-url or PATROL_MQTT_URL."
        ) from fault
    writer.close()


def without_password(url: str) -> str:
    """Return the address as it may be shown: whatever stands between the scheme and the last @ may be secret."""
    scheme, mark, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    if not mark:
        return "(unreadable address)"
    if not at:  # a port that is no number may be the password of an address that was cut off
        host, colon, port = rest.partition("/")[0].rpartition(":")
        return f"{scheme}://{host}:***" if colon and not port.isdigit() and not port.endswith("]") else url
    return f"{scheme}://{user.partition(':')[0] if ':' in user else '***'}:***@{host}"


def _why(fault: BaseException) -> str:
    return "no answer in time" if isinstance(fault, TimeoutError) else (getattr(fault, "strerror", None) or str(fault))
