"""What officers find on the street: codes of the event catalogue (class.sub) in a realistic mix."""

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A code of the catalogue, what the officer writes, and the keyed hash of the party."""

    code: str
    text: str
    subject: str | None


_MIX: list[tuple[float, str, str]] = [
    # 市容环境, 65 of 100
    (22, "01.02", "发现暴露垃圾，已通知环卫清理"),
    (12, "01.03", "积存垃圾渣土，已转派"),
    (15, "01.04", "路面不洁，已通知保洁"),
    (4, "01.06", "绿地内有杂物"),
    (3, "01.10", "路面破损，已上报"),
    (6, "01.12", "车辆遗撒，已责令清扫"),
    (3, "01.16", "油烟扰民，已劝导整改"),
    # 街面秩序, 25 of 100
    (8, "05.01", "流动摊贩占道经营，经劝导离开"),
    (8, "05.04", "店外经营，经劝导收回店内"),
    (3, "05.05", "机动车乱停放，已联系车主"),
    (3, "05.06", "非机动车乱停放，已整理"),
    (1.5, "05.07", "乱堆物料，限时清理"),
    (1.5, "05.10", "露天烧烤，已劝离"),
    # 宣传广告, 施工管理
    (3, "02.03", "占道广告牌，已收回"),
    (2, "02.01", "非法小广告，已清除"),
    (2, "03.04", "施工占道，已要求出示许可"),
    (2, "04.04", "下水道井盖破损，已围挡上报"),
]
_CHANCES = np.array([share for share, _, _ in _MIX]) / sum(share for share, _, _ in _MIX)
_PARTIES = ("05.", "01.16", "02.03")


def draw(rng: np.random.Generator, cell: int) -> Incident:
    """Find something in a cell; the same few parties come back to the same cell."""
    _, code, text = _MIX[int(rng.choice(len(_MIX), p=_CHANCES))]
    party = int(rng.integers(6))
    known = code.startswith(_PARTIES)
    subject = hashlib.sha256(f"synthetic party {party} of cell {cell}".encode()).hexdigest()[:32] if known else None
    return Incident(code=code, text=text, subject=subject)
