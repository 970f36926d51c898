"""Datum conversion against published vectors."""

import numpy as np
import pytest

from schemas.wire import Datum
from tracking.geometry import datum


def one(answer: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """First row of a conversion."""
    return float(answer[0][0]), float(answer[1][0])


def at(lat: float, lon: float) -> tuple[np.ndarray, np.ndarray]:
    """Columns of one place."""
    return np.array([lat]), np.array([lon])


@pytest.mark.parametrize(
    ("wgs", "gcj"),
    [
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
        ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
    ],
    ids=["Shanghai", "Shenzhen", "Beijing"],
)
def test_wgs84_to_gcj02_agrees_with_the_published_vectors(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    """The forward transform gives the published places to 1e-9 degrees."""
    assert one(datum.wgs84_to_gcj02(*at(*wgs))) == pytest.approx(gcj, abs=1e-9)


def test_bd09_uses_the_3000_180_angle() -> None:
    """Huizhou in BD-09 is where it is known to be; the common slip in the angle is 25 m off."""
    gcj = datum.wgs84_to_gcj02(*at(23.0839, 114.4126))
    assert one(gcj) == pytest.approx((23.0813924, 114.4175696), abs=1e-7)
    assert one(datum.gcj02_to_bd09(*gcj)) == pytest.approx((23.0870552, 114.4241545), abs=1e-7)


@pytest.mark.parametrize("system", [Datum.GCJ02, Datum.BD09])
def test_to_wgs84_inverts_within_a_centimetre(system: Datum) -> None:
    """There and back over the whole country moves no place by a centimetre."""
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(18, 53, 2000), rng.uniform(74, 134, 2000)
    there = datum.wgs84_to_gcj02(lat, lon)
    if system is Datum.BD09:
        there = datum.gcj02_to_bd09(*there)
    back = datum.to_wgs84(*there, system)
    assert max(np.abs(back[0] - lat).max(), np.abs(back[1] - lon).max()) * 111_000 < 0.01


@pytest.mark.parametrize("system", [Datum.WGS84, Datum.CGCS2000])
def test_to_wgs84_leaves_wgs84_and_cgcs2000(system: Datum) -> None:
    """Both are left to the last bit."""
    assert one(datum.to_wgs84(*at(23.0839, 114.4126), system)) == (23.0839, 114.4126)


def test_outside_china_nothing_is_shifted() -> None:
    """The transform is defined for China's box only."""
    assert one(datum.wgs84_to_gcj02(*at(48.85, 2.35))) == (48.85, 2.35)
