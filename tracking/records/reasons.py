"""Reasons why a version ended or came out of order, as data and as text. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from runtime import times
from schemas import rest


class Cause(StrEnum):
    """Why a stretch of a device's time was computed again."""

    LATE = "late"
    """Fixes came after newer ones of their device: they were buffered or delayed."""
    EVENT = "event"
    """An event was logged or received after the stay it belongs to was published."""
    RESTART = "restart"
    """A worker started, or read the city again."""
    FAILURE = "failure"
    """The stays could not be computed when their fixes arrived."""
    REBUILD = "rebuild"
    """An operator had the period computed again."""
    DOUBT = "doubt"
    """The datum of the device became suspect, or was cleared."""
    RULES = "rules"
    """A division of the city or a plan was made for a time that had been judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason. Stored as JSON with the version."""

    kind: Cause
    device: str | None
    """Name of the device."""
    received: int | None
    """Receipt of the last of the data, ms since 1970-01-01 UTC."""

    def fields(self) -> dict[str, str | None]:
        """The fields of `schemas.rest.Reason`."""
        received = None if self.received is None else rest.rfc3339(times.moment(self.received))
        return {"kind": self.kind.value, "device": self.device, "received": received}

    def encoded(self) -> str:
        """The JSON that is stored."""
        return json.dumps(self.fields(), ensure_ascii=False)


def sentences(reason: Mapping[str, Any], clock: Callable[[str], str]) -> tuple[str, str]:
    """A stored reason in Chinese and English.

    Args:
        reason: kind, device and received, as stored.
        clock: RFC 3339 to the city's wall clock.
    """
    device, received = reason.get("device"), reason.get("received")
    zh_at, en_at = ("", "") if received is None else (f"{clock(received)} 收到的", f" received {clock(received)}")
    match reason["kind"]:
        case Cause.LATE if device is not None:
            return f"{zh_at}终端 {device} 的补传数据", f"buffered data of device {device}{en_at}"
        case Cause.EVENT if device is not None:
            return f"{zh_at}终端 {device} 的事件", f"an event of device {device}{en_at}"
        case Cause.DOUBT if device is not None:
            return f"终端 {device} 的坐标系存疑或已澄清", f"the datum of device {device} became suspect or was cleared"
        case Cause.RULES:
            return "网格划分或巡查要求有变更", "the division of the city or a plan changed"
        case Cause.REBUILD:
            return "按原始定位重新计算", "recomputed from the stored fixes"
        case _:
            return "后到的数据更正", "corrected by later data"
