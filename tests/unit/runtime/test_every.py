"""A job is done again and again, survives what passes, and ends when it is told to."""

import asyncio

import pytest

from runtime import loops
from runtime.every import Rest, every, no_error


class Job:
    """Fails as it is told, one error a time; ends the test's wait when all are spent."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.done = asyncio.Event()
        self.times = 0

    async def __call__(self) -> None:
        """Do it once."""
        self.times += 1
        if self.errors:
            raise self.errors.pop(0)
        self.done.set()


async def test_goes_on_after_errors_that_pass() -> None:
    """A connection that breaks is no reason to end."""
    job = Job(OSError("away"), ConnectionResetError("away"))
    task = asyncio.create_task(every(0, job))
    async with asyncio.timeout(10):
        await job.done.wait()
    assert job.times >= 3
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_ends_with_an_error_that_waiting_does_not_help() -> None:
    """What nobody expected ends the loop, and so the process."""
    job = Job(OSError("away"), ValueError("broken"))
    with pytest.raises(ValueError, match="broken"):
        await every(0, job)
    assert job.times == 2


async def test_whoever_starts_it_says_what_is_survived() -> None:
    """Each error is told, and only what is raised ends the loop."""
    told: list[str] = []
    job = Job(ValueError("one"), KeyError("two"))
    task = asyncio.create_task(every(0, job, survive=lambda error: told.append(type(error).__name__)))
    async with asyncio.timeout(10):
        await job.done.wait()
    task.cancel()
    assert told == ["ValueError", "KeyError"]


async def test_an_error_in_place_of_the_cancellation_ends_it() -> None:
    """A connection that breaks while its task is cancelled raises its own error; the loop ends all the same."""
    begun = asyncio.Event()

    async def job() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("broken while cancelled") from None

    task = asyncio.create_task(every(0, job))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_survives_no_error_where_none_may_be() -> None:
    """Not even one that passes."""
    with pytest.raises(OSError, match="away"):
        await every(0, Job(OSError("away")), survive=no_error)


async def test_ends_between_two_jobs_and_in_pauses_when_told_to() -> None:
    """What is begun is done; what is not begun is not."""
    stop, done = asyncio.Event(), []

    async def job() -> None:
        stop.set()
        await asyncio.sleep(0)
        done.append("to its end")

    async with asyncio.timeout(10):
        await every(3_600, job, stop=stop)
        await every(0, job, first_s=3_600, stop=stop)
    assert done == ["to its end"]


async def test_waits_longer_after_an_error_where_that_is_asked() -> None:
    """The pause between two jobs that are well stays as it is."""
    task = asyncio.create_task(every(0, again := Job(OSError("away")), after_error_s=3_600))
    other = asyncio.create_task(every(0, job := Job(OSError("away"))))
    async with asyncio.timeout(10):
        await job.done.wait()
    assert again.times == 1
    for each in (task, other):
        each.cancel()


@pytest.mark.parametrize(("took_s", "rest_s"), [(0.0, 0.0), (2.0, 8.0), (20.0, 60.0)])
def test_rest_is_a_multiple_of_the_work_within_a_bound(took_s: float, rest_s: float) -> None:
    """Long work is followed by a long pause, but not for ever."""
    rest = Rest()
    assert loops.rest_s(took_s, rest.most_s, rest.times) == rest_s
