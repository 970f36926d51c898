"""Fixes as columns, from the decoder through the engine to the store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from schemas import wire

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Ints = NDArray[np.int32]
Bool = NDArray[np.bool_]

_DTYPES: dict[str, str] = {
    "device": "int32", "t": "int64", "received": "int64", "lat": "float64", "lon": "float64",
    "raw_lat": "float64", "raw_lon": "float64", "acc": "float32", "spd": "float32", "hdg": "float32",
    "alt": "float32", "bat": "float32", "sat": "int16", "src": "int16", "duty": "int16", "flags": "int16",
    "seq": "int64", "boot": "object",
}  # fmt: skip

ABSENT = -1
"""Value of an unknown `sat` or `seq`; unknown floats are NaN, an unknown `boot` is None."""

_PRESENT_SOURCES = [wire.SOURCE_CODE[source] for source in (wire.Source.GNSS, wire.Source.NETWORK, wire.Source.FUSED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FixColumns:
    """n fixes as columns of length n; times are ms since 1970-01-01 UTC, positions WGS-84 degrees."""

    device: NDArray[np.int32]
    """Number of the device in the store."""
    t: Int
    """Time of the fix, ms."""
    received: Int
    """Time of receipt, ms."""
    lat: Float
    lon: Float
    raw_lat: Float
    """Degrees as sent if the datum of the device differs from WGS-84, else NaN."""
    raw_lon: Float
    acc: NDArray[np.float32]
    """m, 68 % radius; NaN unknown."""
    spd: NDArray[np.float32]
    """m/s; NaN unknown."""
    hdg: NDArray[np.float32]
    """Degrees clockwise from north; NaN unknown."""
    alt: NDArray[np.float32]
    bat: NDArray[np.float32]
    sat: NDArray[np.int16]
    src: NDArray[np.int16]
    """wire.SOURCE_CODE."""
    duty: NDArray[np.int16]
    """wire.DUTY_CODE."""
    flags: NDArray[np.int16]
    """wire.FixFlag bits."""
    seq: Int
    boot: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.t)

    @classmethod
    def from_columns(cls, n: int, **columns: Sequence[object] | NDArray[np.generic]) -> Self:
        """Build n fixes; columns that are not given are unknown (NaN, ABSENT, None, 0)."""
        arrays = {name: _column(name, n, columns.get(name)) for name in _DTYPES}
        return cls(**arrays)  # type: ignore[arg-type]

    @classmethod
    def concat(cls, parts: Iterable[Self]) -> Self:
        """Join batches in the order given."""
        listed = list(parts)
        if not listed:
            return cls.from_columns(0)
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in listed]) for f in fields(cls)})

    def take(self, rows: NDArray[np.intp] | Bool | slice) -> Self:
        """The fixes at `rows`, in that order."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def present(self) -> Bool:
        """Which fixes may count as presence: measured now, not mocked, not a receiver without a position."""
        absent = wire.FixFlag.MOCK | wire.FixFlag.NULL_ISLAND | wire.FixFlag.SUSPECT
        present: Bool = np.isin(self.src, _PRESENT_SOURCES) & ((self.flags & absent) == 0)
        return present


def _column(name: str, n: int, values: Sequence[object] | NDArray[np.generic] | None) -> NDArray[np.generic]:
    dtype = np.dtype(_DTYPES[name])
    if values is not None:
        column = np.asarray(values, dtype=dtype)
        if column.shape != (n,):
            raise ValueError(f"column {name} has shape {column.shape}, not ({n},)")
        return column
    if dtype.kind == "f":
        return np.full(n, np.nan, dtype)
    if name in ("sat", "seq"):
        return np.full(n, ABSENT, dtype)
    return np.full(n, None if dtype.kind == "O" else 0, dtype)
