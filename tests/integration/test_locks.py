"""Of several workers one leads."""

import asyncpg
import pytest

from runtime import locks


async def test_one_leads_at_a_time(database_url: str) -> None:
    """Who comes second is told so; when the first is done, or its session ends, another leads."""
    first, second = [await asyncpg.connect(database_url) for _ in range(2)]
    try:
        async with locks.leader(first, "test.job") as leads:
            assert leads
            async with locks.leader(second, "test.job") as also:
                assert not also
            async with locks.leader(second, "test.other") as other:
                assert other
        assert await locks.acquire(second, "test.job")
        await second.close()
        async with locks.leader(first, "test.job") as again:
            assert again
    finally:
        await first.close()
        await second.close()


async def test_a_shared_lock_keeps_out_only_who_wants_it_alone(database_url: str) -> None:
    """Several share it; nobody has it alone meanwhile."""
    first, second, third = [await asyncpg.connect(database_url) for _ in range(3)]
    try:
        assert await locks.acquire(first, "space", "name", shared=True)
        assert await locks.acquire(second, "space", "name", shared=True)
        assert not await locks.acquire(third, "space", "name")
        await locks.release(first, "space", "name", shared=True)
        await locks.release_all(second)
        assert await locks.acquire(third, "space", "name")
    finally:
        for each in (first, second, third):
            await each.close()


async def test_work_for_all_is_done_by_one(database_url: str) -> None:
    """Who does not lead does nothing; an error of the work is the caller's, and frees the lock."""
    done: list[str] = []

    async with asyncpg.create_pool(database_url, min_size=2, max_size=2) as pool:

        async def work(_conn: object) -> None:
            done.append("first")
            await locks.lead(pool, "test.job", fail)

        async def fail(_conn: object) -> None:
            raise ValueError("second")

        await locks.lead(pool, "test.job", work)
        assert done == ["first"]
        for _ in range(2):
            with pytest.raises(ValueError, match="second"):
                await locks.lead(pool, "test.job", fail)
