"""The fitted weights of alerts.coverage.outlook: a file of the package, read once."""

from datetime import date
from functools import cache
from importlib import resources

import msgspec
import numpy as np

from alerts.coverage import outlook

FORMAT = 1


class Fit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Content of the file: weights, date and data of the fit."""

    version: int
    fitted: date
    origin: str
    left_min: list[float]
    """Times left that weights are given for."""
    weights: dict[str, list[float]]
    """By feature, a weight for each of these times."""

    def of(self) -> outlook.Weights:
        """The weights in the form of the rules; ValueError: they do not match the features of the code."""
        if self.version != FORMAT or self.weights.keys() != set(outlook.FEATURES):
            raise ValueError("outlook.json does not fit alerts.coverage.outlook: fit it anew (bench/fit_outlook.py)")
        columns = [self.weights[name] for name in outlook.FEATURES]
        return outlook.Weights(
            left_min=np.array(self.left_min), by_time=np.array(columns).T.reshape(len(self.left_min), -1)
        )


def read() -> Fit:
    """The file."""
    return msgspec.json.decode(resources.files("alerts.coverage").joinpath("outlook.json").read_bytes(), type=Fit)


@cache
def fitted() -> outlook.Weights:
    """The weights in use."""
    return read().of()
