"""Whether a password is one of those that are tried first."""

import asyncio
import importlib

_INPUTS = (
    "patrol", "patrolgrid", "xunge", "xunluo", "chengguan", "wangge", "admin", "administrator",
    "woaini", "woaini1314", "5201314", "1314520", "zhongguo", "beijing", "shanghai", "huizhou",
)  # fmt: skip
"""What people here choose, beside the lists of the library."""
_LEAST_SCORE = 2
"""Of zxcvbn: not among the first million guesses, by lists of common passwords and their usual twists."""
_LONGEST = 72
"""Characters that are looked at; the work grows with the square of them."""


class CommonPasswordError(ValueError):
    """The password is common; the text says what to do."""

    def __init__(self) -> None:
        super().__init__("This password is among the first that are tried: choose a longer phrase of several words.")


async def demand(password: str, name: str) -> None:
    """Let a password of the account `name` through.

    Raises:
        CommonPasswordError: it is common.
    """
    if await asyncio.to_thread(_score, password, name) < _LEAST_SCORE:
        raise CommonPasswordError


def _score(password: str, name: str) -> int:
    # Loaded when it is first needed: its lists take a quarter of a second.
    judged = importlib.import_module("zxcvbn").zxcvbn(password[:_LONGEST], user_inputs=[name, *_INPUTS])
    score: int = judged["score"]
    return score
