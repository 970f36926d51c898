"""Hashes of passwords: argon2id, in threads, a few at a time."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

import argon2

# OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Two at a time: a burst of sign-ins must take neither all the memory nor all the cores.
_hashing = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
# Verified if no account exists, so that the time reveals nothing.
DUMMY_HASH = _hasher.hash(secrets.token_urlsafe(16))


async def hash_password(password: str) -> str:
    """Hash a password to be stored."""
    return await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.hash, password)


async def verify(stored: str, password: str) -> bool:
    """Whether a password fits a stored hash."""
    return await asyncio.get_running_loop().run_in_executor(_hashing, _verify_now, stored, password)


def _verify_now(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except argon2.exceptions.VerificationError:
        return False
