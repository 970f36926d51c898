"""Whether a password is common."""

import asyncio
import importlib

_INPUTS = (
    "patrol", "patrolgrid", "xunge", "xunluo", "chengguan", "wangge", "admin", "administrator",
    "woaini", "woaini1314", "5201314", "1314520", "zhongguo", "beijing", "shanghai", "huizhou",
)  # fmt: skip
"""Common words here, in addition to the lists of the library."""
_LEAST_SCORE = 2
"""Least number of guesses by zxcvbn: a million, by lists of common passwords and their usual variations."""
_LONGEST = 72
"""Characters examined; the time grows with their square."""


class CommonPasswordError(ValueError):
    """The password is common; the text says what to do."""

    def __init__(self) -> None:
        super().__init__("This password is among the first that are tried: choose a longer phrase of several words.")


async def demand(password: str, name: str) -> None:
    """Check a password of the account `name`.

    Raises:
        CommonPasswordError: it is common.
    """
    if await asyncio.to_thread(_score, password, name) < _LEAST_SCORE:
        raise CommonPasswordError


def _score(password: str, name: str) -> int:
    # Loaded at first use: its lists take a quarter of a second.
    judged = importlib.import_module("zxcvbn").zxcvbn(password[:_LONGEST], user_inputs=[name, *_INPUTS])
    score: int = judged["score"]
    return score
