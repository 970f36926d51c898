"""The fixes of many messages as columns, built column by column, usual cases first. Pure."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from schemas import wire
from tracking.city.enrolment import Device
from tracking.geometry import datum
from tracking.presence.fixes import ABSENT, Bool, FixColumns, Float, Int

Code = TypeVar("Code")
_Numbers = Sequence[float | None]


def columns(
    fixes: Sequence[wire.Fix], devices: Sequence[Device], received: Sequence[int], counts: Sequence[int]
) -> FixColumns:
    """Lay out fixes as columns.

    Args:
        fixes: in the datum of their devices.
        devices: by message.
        received: ms since 1970-01-01 UTC, by message.
        counts: fixes of each message, in the order of `fixes`.
    """
    if not fixes:
        return FixColumns.from_columns(0)
    raw_lat, raw_lon = np.array([fix.lat for fix in fixes]), np.array([fix.lon for fix in fixes])
    lat, lon, shifted = _wgs84(raw_lat, raw_lon, devices, counts)
    return FixColumns.from_columns(
        len(fixes),
        device=np.repeat(np.array([device.id for device in devices], np.int32), counts),
        received=np.repeat(np.array(received, np.int64), counts),
        t=np.array([fix.t for fix in fixes], np.int64),
        lat=lat,
        lon=lon,
        raw_lat=np.where(shifted, raw_lat, np.nan),
        raw_lon=np.where(shifted, raw_lon, np.nan),
        acc=_floats([fix.acc for fix in fixes]),
        spd=_floats([fix.spd for fix in fixes]),
        hdg=_floats([fix.hdg for fix in fixes]),
        alt=_floats([fix.alt for fix in fixes]),
        bat=_floats([fix.bat for fix in fixes]),
        sat=_numbers([fix.sat for fix in fixes]),
        src=_codes([fix.src for fix in fixes], wire.SOURCE_CODE, wire.Source.GNSS),
        duty=_codes([fix.duty for fix in fixes], wire.DUTY_CODE, wire.Duty.DUTY),
        flags=_flags([fix.mock for fix in fixes], [fix.rec for fix in fixes], raw_lat, raw_lon),
        seq=_numbers([fix.seq for fix in fixes]),
        boot=_texts([fix.boot for fix in fixes]),
    )


def _wgs84(lat: Float, lon: Float, devices: Sequence[Device], counts: Sequence[int]) -> tuple[Float, Float, Bool]:
    """Positions in WGS-84, and which of them were sent in another datum."""
    made_lat, made_lon, shifted = lat, lon, np.zeros(len(lat), np.bool_)
    for sent_datum in {device.datum for device in devices} & {wire.Datum.GCJ02, wire.Datum.BD09}:
        rows = np.repeat([device.datum is sent_datum for device in devices], counts)
        at_lat, at_lon = datum.to_wgs84(lat[rows], lon[rows], sent_datum)
        made_lat, made_lon = made_lat.copy(), made_lon.copy()
        made_lat[rows], made_lon[rows] = at_lat, at_lon
        shifted |= rows
    return made_lat, made_lon, shifted


def _floats(values: _Numbers) -> NDArray[np.float32]:
    if values[0] is None and _all_absent(values):
        return np.full(len(values), np.nan, np.float32)
    return np.array(values, np.float32)


def _numbers(values: Sequence[int | None]) -> Int:
    if values[0] is None and _all_absent(values):
        return np.full(len(values), ABSENT, np.int64)
    return np.array([ABSENT if value is None else value for value in values], np.int64)


def _texts(values: Sequence[str | None]) -> NDArray[np.object_]:
    column = np.full(len(values), None, object)
    if values[0] is not None or not _all_absent(values):
        column[:] = values
    return column


def _codes(values: Sequence[Code], codes: Mapping[Code, int], usual: Code) -> NDArray[np.int16]:
    if values.count(usual) == len(values):
        return np.full(len(values), codes[usual], np.int16)
    return np.array([codes[value] for value in values], np.int16)


def _flags(mock: Sequence[bool], rec: Sequence[bool | None], lat: Float, lon: Float) -> NDArray[np.int16]:
    flags = np.where((lat == 0) & (lon == 0), int(wire.FixFlag.NULL_ISLAND), 0)
    if True in mock:
        flags |= np.where(mock, int(wire.FixFlag.MOCK), 0)
    if rec[0] is not None or not _all_absent(rec):
        flags |= np.where([value is not None for value in rec], int(wire.FixFlag.RECORDER_KNOWN), 0)
        flags |= np.where([value is True for value in rec], int(wire.FixFlag.RECORDER_ON), 0)
    return flags.astype(np.int16)


def _all_absent(values: Sequence[object]) -> bool:
    return values.count(None) == len(values)
