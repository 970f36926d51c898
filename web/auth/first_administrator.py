"""The account `admin`: created at the first start; its password is that of the settings, if they have one."""

import secrets

from runtime.db import Pool
from web.auth import hashing, passwords
from web.auth.store import credentials
from web.auth.store.credentials import ADMIN


async def ensure(pool: Pool, password: str | None) -> str | None:
    """Create the account if there is none, and set its password to `password`.

    Args:
        pool: the database.
        password: that of the settings; None: keep the stored one, and generate one at the first start.

    Returns:
        The generated password, to be shown once; None: none was generated.

    Raises:
        CommonPasswordError: the password of the settings is common.
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
