"""Reasons as data and as words."""

import json

import pytest

from schemas import rest
from tracking.records.reasons import Cause, Reason, sentences


@pytest.mark.parametrize(
    ("reason", "zh", "en"),
    [
        (Reason(kind=Cause.LATE, device="cam-7", received=1_769_999_520_000),
         "02:32 收到的终端 cam-7 的补传数据", "buffered data of device cam-7 received 02:32"),
        (Reason(kind=Cause.EVENT, device="cam-7", received=1_769_999_520_000),
         "02:32 收到的终端 cam-7 的事件", "an event of device cam-7 received 02:32"),
        (Reason(kind=Cause.REBUILD, device="cam-7", received=None),
         "按原始定位重新计算", "recomputed from the stored fixes"),
        (Reason(kind=Cause.RESTART, device=None, received=None), "后到的数据更正", "corrected by later data"),
    ],
)  # fmt: skip
def test_told_names_the_device_and_the_receipt(reason: Reason, zh: str, en: str) -> None:
    """What is stored can be said in both languages, and is what REST declares."""
    stored = reason.encoded()
    assert sentences(json.loads(stored), lambda text: text[11:16]) == (zh, en)
    assert rest.Reason.model_validate_json(stored).kind == reason.kind
