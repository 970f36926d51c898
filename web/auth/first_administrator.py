"""The account `admin`: made at the first start, and kept at the password of the settings."""

import secrets

from runtime.db import Pool
from web.auth import hashing, passwords
from web.auth.store import credentials
from web.auth.store.credentials import ADMIN


async def ensure(pool: Pool, password: str | None) -> str | None:
    """Make the account where there is none, or bring its password to `password`.

    Args:
        pool: the database.
        password: what the settings say; None: keep what is stored, and make one at the first start.

    Returns:
        The password made, to be shown once; None when none was made.

    Raises:
        CommonPasswordError: what the settings say is among the first that are tried.
    """
    async with pool.acquire() as connection, connection.transaction():
        stored = await credentials.admin_hash(connection)
        if password is None:
            if stored is not None:
                return None
            generated = secrets.token_urlsafe(12)
            await credentials.add_admin(connection, await hashing.hash_password(generated))
            return generated
        if stored is not None and await hashing.verify(stored, password):
            return None
        await passwords.demand(password, ADMIN)
        put = credentials.add_admin if stored is None else credentials.change_admin
        await put(connection, await hashing.hash_password(password))
        return None
