"""Whether the configured database and broker can be reached, and what to do if not."""

import asyncio
import logging
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt
import asyncpg

from patrol.cli import errors, faults
from patrol.services import postgres
from patrol.settings.settings import Settings
from schemas import topics
from schemas.broker import Broker
from tracking.store.records import migration_store

_SECONDS = 10.0
_quiet = logging.getLogger("patrol.checks.connectivity.mqtt")
_quiet.setLevel(logging.CRITICAL)  # the error is raised as a SetupError


class AwayError(errors.SetupError):
    """Nothing answers at the address of the database."""


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
            f"There is no database in {settings.data_dir}: set --database-url or PATROL_DATABASE_URL, or start "
            "`patrol demo` first."
        )
    return address.url()


@asynccontextmanager
async def connected(url: str, **settings: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the database, with `settings` of the server.

    Raises:
        SetupError: it cannot be reached or used, has no tables, or a newer release made them; says what to do.
    """
    connection = await _connect(url, **settings)
    try:
        await migration_store.refuse_newer(connection)
        yield connection
    except (migration_store.NewerTablesError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        if (detail := faults.explain(fault)) is None:
            raise
        raise errors.SetupError(detail) from fault
    finally:
        await connection.close()


async def check_database(url: str) -> None:
    """Connect once.

    Raises:
        SetupError: it cannot be reached; says what to do.
    """
    await (await _connect(url)).close()


async def check_release(url: str) -> None:
    """Connect once, and check that no newer release made the tables.

    Raises:
        SetupError: it cannot be reached, or a newer release made its tables; says what to do.
    """
    async with connected(url):
        pass


async def _connect(url: str, **settings: str) -> asyncpg.Connection:
    where = without_password(url)
    try:
        return await asyncpg.connect(url, timeout=_SECONDS, server_settings=settings)
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as fault:
        raise errors.SetupError(
            f"The database at {where} refuses the user or password ({fault}): correct --database-url or "
            "PATROL_DATABASE_URL, or the server's pg_hba.conf."
        ) from fault
    except asyncpg.InvalidCatalogNameError as fault:
        raise errors.SetupError(f"The database does not exist at {where}: create it with createdb.") from fault
    except ssl.SSLCertVerificationError as fault:
        raise errors.SetupError(
            f"The certificate of the database at {where} is not trusted ({fault.verify_message}): give its CA with "
            "?sslmode=verify-full&sslrootcert=FILE."
        ) from fault
    except (OSError, TimeoutError) as fault:
        raise AwayError(
            f"No database answers at {where} ({_why(fault)}): start it, or correct --database-url "
            "or PATROL_DATABASE_URL."
        ) from fault
    except (ValueError, asyncpg.InterfaceError):
        # The message of asyncpg about a malformed address repeats a part of it, which may be from the password.
        raise errors.SetupError(
            f"{where!r} is not the address of a database: write postgresql://user:password@host:port/database, "
            "with %2F for / and %40 for @ in the password."
        ) from None
    except asyncpg.PostgresError as fault:
        detail = faults.explain(fault) or f"the connection was refused ({fault}): its log says why."
        raise errors.SetupError(f"The database at {where}: {detail}") from fault


def broker_address(url: str, *, setting: str = "--mqtt-url or PATROL_MQTT_URL") -> Broker:
    """Read the address of a broker.

    Raises:
        SetupError: it is not valid.
    """
    try:
        return Broker.parse(url)
    except ValueError as fault:
        raise errors.SetupError(f"{without_password(url)!r}: {fault}; correct {setting}.") from None


def broker(url: str) -> Broker:
    """Read the address of a broker, and the certificates it names.

    Raises:
        SetupError: it is not valid, or a certificate cannot be used.
    """
    where = broker_address(url)
    try:
        where.tls()
    except OSError as fault:
        raise errors.SetupError(
            f"The certificates that {without_password(url)} names cannot be used ({_why(fault)}): correct ca, cert "
            "and key of --mqtt-url or PATROL_MQTT_URL."
        ) from fault
    return where


async def check_broker(url: str) -> None:
    """Open a TCP connection to the broker once, without signing in.

    Raises:
        SetupError: it cannot be reached; says what to do.
    """
    where = broker(url)
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(where.host, where.port)
    except (OSError, TimeoutError) as fault:
        raise errors.SetupError(
            f"No broker answers at {without_password(url)} ({_why(fault)}): start it, or correct --mqtt-url or "
            "PATROL_MQTT_URL."
        ) from fault
    writer.close()


async def log_in(url: str) -> None:
    """Connect to the broker once, with the account of the server.

    Raises:
        SetupError: it cannot be reached, refuses the account, or lacks a feature; says what to do.
    """
    await check_broker(url)
    where, name = broker(url), f"check-{secrets.token_hex(6)}"
    try:
        async with asyncio.timeout(_SECONDS), aiomqtt.Client(
            where.host, where.port, username=where.user, password=where.password, tls_context=where.tls(),
            identifier=name, protocol=aiomqtt.ProtocolVersion.V5, timeout=_SECONDS, logger=_quiet,
        ) as client:  # fmt: skip
            granted = await client.subscribe(f"{topics.FEED_ROOT}/{name}", qos=1)
            if any(getattr(code, "is_failure", False) for code in granted):
                raise errors.SetupError(
                    f"The broker at {without_password(url)} does not allow subscribing to {topics.FEED_ROOT}: "
                    "grant the account its rights; for Mosquitto run `patrol broker config`."
                )
    except (aiomqtt.MqttError, OSError, TimeoutError) as fault:
        raise errors.SetupError(
            f"The broker at {without_password(url)} refuses the connection ({_why(fault)}): correct user and password "
            "in --mqtt-url or PATROL_MQTT_URL. If they are right, see its log: a Mosquitto that cannot read its "
            "dynamic-security.json knows no accounts; run `patrol broker config` again, as root, or give the file to "
            "the user it runs as (chown mosquitto)."
        ) from fault


def without_password(url: str) -> str:
    """The address without secrets: everything between the scheme and the last @ is left out."""
    scheme, mark, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    if not mark:
        return "(unreadable address)"
    if not at:  # a port that is not a number may be the password of a truncated address
        host, colon, port = rest.partition("/")[0].rpartition(":")
        return f"{scheme}://{host}:***" if colon and not port.isdigit() and not port.endswith("]") else url
    return f"{scheme}://{user.partition(':')[0] if ':' in user else '***'}:***@{host}"


def _why(fault: BaseException) -> str:
    return "no answer in time" if isinstance(fault, TimeoutError) else (getattr(fault, "strerror", None) or str(fault))
