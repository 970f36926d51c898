"""Why an alert about an officer is: one sentence in Chinese and one in English, with the numbers. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from tracking.presence import reasons

Facts = Mapping[str, Any]
Pair = tuple[str, str]
Clock = Callable[[str], str]
"""RFC 3339 to the city's wall clock."""

_WHY: dict[str, Pair] = {
    "over": ("已恢复", "it is over"),
    "off_duty": ("已下班", "the shift has ended"),
    "break": ("已休息", "on a break"),
    "gone": ("人员或终端已不在册", "officer or device is not on the roster any more"),
    "late_data": ("后到的数据表明情况不属实", "late data shows that it was not so"),
}
_CAUSES: dict[str, Pair] = {
    "link_lost": ("网络中断", "its link broke"),
    "gnss_lost": ("仍有消息但无卫星定位", "it sends, but has no position"),
    "battery_flat": ("电量耗尽", "its battery was empty"),
    "signed_off": ("终端主动下线", "it was switched off"),
    "app_stopped": ("应用停止或终端关机", "its software stopped or it is off"),
}
_FOUND: dict[str, Pair] = {
    "mocked": ("{n} 个定位点标记为模拟位置", "{n} fixes are marked as mocked"),
    "identical": ("坐标连续 {n} 次完全相同", "the same coordinates {n} times running"),
    "together": (
        "与 {other} 的终端 {minutes} 分钟内相距不足 {within_m} 米",
        "with {other} for {minutes} min within {within_m} m",
    ),
    "replayed": ("{n} 个坐标与 {other} 在 {then} 的轨迹依次相同", "{n} places repeat the track of {other} at {then}"),
    "impossible": ("{n} 次跳变，最快 {fastest_kmh} 公里/小时", "{n} jumps, the fastest at {fastest_kmh} km/h"),
    "contradiction": ("{share_pct}% 的速度或航向与位移不符", "{share_pct}% of speeds or courses contradict the way"),
    "time_stands": ("{n} 个定位时间未递增", "{n} fix times do not grow"),
}  # fmt: skip


def explain(kind: str, state: str, facts: Facts, clock: Clock) -> Pair:
    """Say why.

    Args:
        kind: one of KINDS.
        state: of its life.
        facts: as stored with the alert.
        clock: writes a time.
    """
    zh, en = _SENTENCES[kind](facts, clock)
    if state not in ("resolved", "withdrawn"):
        return zh, en
    why_zh, why_en = _WHY.get(str(facts.get("why")), _WHY["over"])
    if state == "withdrawn" and facts.get("reason") is not None:
        by_zh, by_en = reasons.told(facts["reason"], clock)
        return f"撤回：情况不属实（{by_zh}；原为：{zh}）", f"withdrawn, it was not so ({by_en}; it said: {en})"
    if state == "withdrawn":
        return f"撤回：{why_zh}（原为：{zh}）", f"withdrawn, {why_en} (it said: {en})"
    return f"{zh}；{why_zh}", f"{en}; {why_en}"


def _minutes(seconds: float) -> int:
    return int(seconds // 60)


def _not_arrived(facts: Facts, clock: Clock) -> Pair:
    name, starts, late = facts["name"], clock(facts["shift_starts"]), _minutes(facts["late_s"])
    zh, en = f"{name} 应于 {starts} 到岗，已迟 {late} 分钟", f"{name} was due at {starts}, {late} min late"
    if facts["device"] is None:
        return f"{zh}；未签到任何终端", f"{en}; not signed in on any device"
    if facts["seen"] is None:
        return f"{zh}；本班未收到定位", f"{en}; no position came in"
    if facts["away_m"] is None:
        return f"{zh}；最后定位 {clock(facts['seen'])}", f"{en}; last seen at {clock(facts['seen'])}"
    return (
        f"{zh}；{clock(facts['seen'])} 距责任区 {facts['away_m']} 米",
        f"{en}; {facts['away_m']} m from the area at {clock(facts['seen'])}",
    )


def _away(zh_place: str, en_place: str) -> Callable[[Facts, Clock], Pair]:
    def sentence(facts: Facts, clock: Clock) -> Pair:
        name, left, minutes = facts["name"], clock(facts["left"]), _minutes(facts["away_s"])
        return (
            f"{name} {left} 起离开{zh_place} {minutes} 分钟，距边界 {facts['away_m']} 米（{facts['fixes']} 个定位点）",
            (
                f"{name} has been outside {en_place} since {left}, {minutes} min, now {facts['away_m']} m from its "
                f"boundary ({facts['fixes']} fixes)"
            ),
        )

    return sentence


def _overlong(facts: Facts, clock: Clock) -> Pair:
    name, since, minutes = facts["name"], clock(facts["stood_since"]), _minutes(facts["stood_s"])
    return (
        f"{name} 自 {since} 起在 {facts['radius_m']} 米范围内停留 {minutes} 分钟，期间无事件和录像",
        f"{name} has stayed within {facts['radius_m']} m for {minutes} min since {since}, with no event or recording",
    )


def _lost(facts: Facts, clock: Clock) -> Pair:
    name, minutes = facts["name"], _minutes(facts["silent_s"])
    cause_zh, cause_en = _CAUSES[facts["cause"]]
    last = "—" if facts["last_fix"] is None else clock(facts["last_fix"])
    zh = f"{name} 已 {minutes} 分钟无定位，最后定位 {last}：{cause_zh}"
    en = f"no position of {name} for {minutes} min, the last at {last}: {cause_en}"
    if facts["battery"] is None:
        return zh, en
    battery = round(facts["battery"])
    return f"{zh}（电量 {battery}%）", f"{en} (battery {battery}%)"


def _battery(facts: Facts, clock: Clock) -> Pair:
    name, battery = facts["name"], facts["battery"]
    if facts["shift_ends"] is None:
        return f"{name} 终端电量 {battery}%", f"the device of {name} has {battery}% of battery"
    ends, left = clock(facts["shift_ends"]), _minutes(facts["left_s"])
    return (
        f"{name} 终端电量 {battery}%，距 {ends} 下班还有 {left} 分钟",
        f"the device of {name} has {battery}% of battery, {left} min before the shift ends at {ends}",
    )


def _accuracy(facts: Facts, _clock: Clock) -> Pair:
    name, minutes = facts["name"], _minutes(facts["over_s"])
    return (
        f"{name} 近 {minutes} 分钟定位精度中位数 {facts['median_m']} 米，限 {facts['limit_m']} 米",
        f"the median accuracy of {name} over {minutes} min is {facts['median_m']} m, limit {facts['limit_m']} m",
    )


def _riding(facts: Facts, clock: Clock) -> Pair:
    name, share, began = facts["name"], round(100 * facts["share"]), clock(facts["began"])
    return (
        f"{name} 自 {began} 起 {share}% 的巡查时间速度超过 {facts['limit_kmh']:g} 公里/小时",
        f"{name} was faster than {facts['limit_kmh']:g} km/h for {share}% of the patrol since {began}",
    )


def _skew(facts: Facts, _clock: Clock) -> Pair:
    name, seconds = facts["name"], facts["found"]["skew_s"]
    zh, en = ("快", "ahead of") if seconds > 0 else ("慢", "behind")
    return (
        f"{name} 终端时钟{zh} {abs(seconds)} 秒（{facts['found']['n']} 条消息）",
        f"the clock of {name}'s device is {abs(seconds)} s {en} ours ({facts['found']['n']} messages)",
    )


def _fake(facts: Facts, clock: Clock) -> Pair:
    found = dict(facts["found"])
    if "then" in found:
        found["then"] = clock(found["then"])
    zh, en = (form.format(**found) for form in _FOUND[facts["finding"]])
    return f"{facts['name']} 轨迹疑假：{zh}", f"the track of {facts['name']} may be faked: {en}"


def _datum(facts: Facts, _clock: Clock) -> Pair:
    name, found = facts["name"], facts["found"]
    return (
        (
            f"{name} 终端设为 {found['set']}，按 {found['fits']} 解释 {found['shifts']} 个班次，"
            f"偏差由 {found['off_m']} 米降至 {found['off_fits_m']} 米"
        ),
        (
            f"the device of {name} is set to {found['set']}; as {found['fits']} its places of {found['shifts']} shifts "
            f"are off by {found['off_fits_m']} m instead of {found['off_m']} m"
        ),
    )


def _single(facts: Facts, clock: Clock) -> Pair:
    name, at, case = facts["name"], clock(facts["at"]), facts["case"]
    zh, en = f"{name} {at} 单人执法（案件 {case}）", f"{name} took a step of case {case} alone at {at}"
    if facts["nearest_m"] is None:
        return f"{zh}，附近无其他队员", f"{en}, no other officer near"
    return f"{zh}，最近队员 {facts['nearest_m']} 米", f"{en}, the nearest officer {facts['nearest_m']} m away"


def _recorder(facts: Facts, clock: Clock) -> Pair:
    name, at = facts["name"], clock(facts["at"])
    return (
        f"{name} {at} 登记事件 {facts['type']} 时记录仪未开启",
        f"the recorder of {name} was off at event {facts['type']} at {at}",
    )


def _sos(facts: Facts, clock: Clock) -> Pair:
    name, at, device = facts["name"], clock(facts["at"]), facts["device"]
    return f"{name} {at} 紧急求助（终端 {device}）", f"SOS from {name} at {at} (device {device})"


def _crowding(facts: Facts, _clock: Clock) -> Pair:
    names, minutes = facts["names"], _minutes(facts["together_s"])
    return (
        f"{'、'.join(names)} 共 {len(names)} 人在 {facts['within_m']} 米内聚集 {minutes} 分钟",
        f"{', '.join(names)}: {len(names)} officers within {facts['within_m']} m for {minutes} min",
    )


def _double(facts: Facts, clock: Clock) -> Pair:
    name, devices, since = facts["name"], facts["devices"], clock(facts["signed_in"])
    return (
        f"{name} 自 {since} 起同时签到于 {'、'.join(devices)}",
        f"{name} has been signed in on {' and '.join(devices)} at once since {since}",
    )


def _deaf(facts: Facts, clock: Clock) -> Pair:
    if facts["everybody"]:
        last = None if facts["heard"] is None else clock(facts["heard"])
        since_zh, since_en = ("至今", "ever") if last is None else (f"自 {last} 起", f"since {last}")
        return (
            f"{since_zh}未收到任何终端的数据（{facts['officers']} 名在岗），请检查网络与消息服务",
            f"nothing came in from any device {since_en} ({facts['officers']} on duty): check network and broker",
        )
    return (
        f"{facts['officers']} 名在岗队员中 {facts['silent']} 名同时失联，疑为网络中断",
        f"{facts['silent']} of {facts['officers']} officers on duty fell silent together: an outage is likely",
    )


_SENTENCES: dict[str, Callable[[Facts, Clock], Pair]] = {
    "not_arrived": _not_arrived,
    "left_post": _away("岗位", "the post"),
    "out_of_area": _away("辖区", "the area"),
    "overlong_stay": _overlong,
    "lost_contact": _lost,
    "low_battery": _battery,
    "poor_accuracy": _accuracy,
    "riding": _riding,
    "clock_skew": _skew,
    "fake_track": _fake,
    "wrong_datum": _datum,
    "single_officer": _single,
    "recorder_off": _recorder,
    "sos": _sos,
    "crowding": _crowding,
    "double_sign_in": _double,
    "deaf": _deaf,
}
KINDS = frozenset(_SENTENCES)
