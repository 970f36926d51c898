"""Every sentence about an alert, in Chinese and English. Pure.

A name begins with the kind of the alert, whose facts (alerts.life.facts) fill it, or with `step`, filled by what was
said with the step; other names take only what `explain.py` and `steps.py` add (EXTRA). Formats: `clock` wall clock,
`day` with the day, `min` whole minutes, `abs`, `pct`, `join…` a list with that between, `count` of a list.
"""

Pair = tuple[str, str]
"""Chinese and English."""

EXTRA = frozenset({"because", "said", "actor", "level", "number"})
"""Further fields of sentences: a reason, another sentence, the actor, the level, the step of escalation."""

ALERTS: dict[str, Pair] = {
    "coverage_gap": (
        "{name} 最后有效巡查 {gap_since:clock}，限 {limit_s:min} 分钟",
        "{name} had its last valid visit at {gap_since:clock}, limit {limit_s:min} min",
    ),
    "coverage_gap.never": (
        "{name} 自 {gap_since:clock} 有数据以来没有有效巡查，限 {limit_s:min} 分钟",
        "{name} has had no valid visit since data began at {gap_since:clock}, limit {limit_s:min} min",
    ),
    "coverage_gap.overdue": ("，{due:clock} 起超时", ", overdue since {due:clock}"),
    "coverage_gap.nobody": ("；目前没有空闲队员", "; no officer is free now"),
    "coverage_gap.nearest": (
        "；最近空闲队员 {arrival_s:min} 分钟可达",
        "; the nearest free officer is {arrival_s:min} min away",
    ),
    "coverage_gap.slack": ("，余量 {slack_s:min} 分钟", ", slack {slack_s:min} min"),
    "coverage_gap.in_time": (
        "{name} {visit_in:clock} 开始有效巡查，未超时",
        "{name} had a valid visit from {visit_in:clock}, within its limit",
    ),
    "coverage_gap.late": (
        "{name} {visit_in:clock} 开始有效巡查，应于 {due:clock} 前，已超时",
        "{name} had a valid visit from {visit_in:clock}, after its limit at {due:clock}",
    ),
    "coverage_gap.withdrawn": ("{name} 告警撤回：{because}", "{name}: withdrawn, {because}"),
    "coverage_gap.visited": (
        "{name} 告警撤回：{because}表明 {visit_in:clock} 已开始有效巡查",
        "{name}: withdrawn, {because} shows a valid visit from {visit_in:clock}",
    ),
    "understaffed": (
        (
            "{name} 一小时内 {cells} 个单元网格到期，约需 {need_min} 分钟，"
            "可用队员 {officers} 名共 {have_min} 分钟：人手不足"
        ),
        (
            "in {name}, {cells} cells fall due within the hour and take about {need_min} min; "
            "{officers} free officers have {have_min} min: too few officers"
        ),
    ),
    "understaffed.ended": (
        "{name} 人手缺口已解除：一小时内 {cells} 个单元网格到期，约需 {need_min} 分钟",
        "enough officers again in {name}: {cells} cells fall due within the hour and take about {need_min} min",
    ),
    "not_arrived": (
        "{name} 应于 {shift_starts:clock} 到岗，已迟 {late_s:min} 分钟",
        "{name} was due on post at {shift_starts:clock} and is {late_s:min} min late",
    ),
    "not_arrived.no_device": ("；未签到任何终端", "; not signed in on any device"),
    "not_arrived.unseen": ("；本班未收到定位", "; no position received"),
    "not_arrived.seen": ("；最后定位 {seen:clock}", "; last seen at {seen:clock}"),
    "not_arrived.away": (
        "；{seen:clock} 距责任区 {away_m} 米",
        "; {away_m} m from the area at {seen:clock}",
    ),
    "left_post": (
        "{name} {left:clock} 起离开岗位 {away_s:min} 分钟，距边界 {away_m} 米（{fixes} 个定位点）",
        (
            "{name} has been outside the post for {away_s:min} min, since {left:clock}, now {away_m} m from its "
            "boundary ({fixes} fixes)"
        ),
    ),
    "out_of_area": (
        "{name} {left:clock} 起离开辖区 {away_s:min} 分钟，距边界 {away_m} 米（{fixes} 个定位点）",
        (
            "{name} has been outside the area for {away_s:min} min, since {left:clock}, now {away_m} m from its "
            "boundary ({fixes} fixes)"
        ),
    ),
    "overlong_stay": (
        "{name} 自 {stood_since:clock} 起在 {radius_m} 米范围内停留 {stood_s:min} 分钟，期间没有事件和录像",
        (
            "{name} has stayed within {radius_m} m for {stood_s:min} min since {stood_since:clock}, with no event or "
            "recording"
        ),
    ),
    "lost_contact": (
        "{name} 已 {silent_s:min} 分钟没有定位，最后定位 {last_fix:clock}：{because}",
        "no position from {name} for {silent_s:min} min, last at {last_fix:clock}: {because}",
    ),
    "lost_contact.battery": ("（电量 {battery:.0f}%）", " (battery {battery:.0f}%)"),
    "low_battery": ("{name} 终端电量 {battery}%", "the battery of {name}'s device is at {battery}%"),
    "low_battery.shift": (
        "，距 {shift_ends:clock} 下班还有 {left_s:min} 分钟",
        ", {left_s:min} min before the shift ends at {shift_ends:clock}",
    ),
    "poor_accuracy": (
        "{name} 近 {over_s:min} 分钟定位精度中位数 {median_m} 米，限 {limit_m} 米",
        "the median accuracy of {name} over {over_s:min} min is {median_m} m, limit {limit_m} m",
    ),
    "riding": (
        "{name} 自 {began:clock} 起 {share:pct}% 的巡查时间速度超过 {limit_kmh:g} 公里/小时",
        "{name} has moved faster than {limit_kmh:g} km/h for {share:pct}% of the patrol since {began:clock}",
    ),
    "clock_skew": (
        "{name} 终端时钟快 {found[skew_s]:abs} 秒（{found[n]} 条消息）",
        "the clock of {name}'s device is {found[skew_s]:abs} s ahead of the server's ({found[n]} messages)",
    ),
    "clock_skew.behind": (
        "{name} 终端时钟慢 {found[skew_s]:abs} 秒（{found[n]} 条消息）",
        "the clock of {name}'s device is {found[skew_s]:abs} s behind the server's ({found[n]} messages)",
    ),
    "fake_track": ("{name} 轨迹疑似造假：", "the track of {name} may be faked: "),
    "fake_track.mocked": ("{found[n]} 个定位点标记为模拟位置", "{found[n]} fixes are marked as mocked"),
    "fake_track.identical": ("坐标连续 {found[n]} 次完全相同", "the same coordinates {found[n]} times in a row"),
    "fake_track.together": (
        "与 {found[other]} 的终端连续 {found[minutes]} 分钟相距不足 {found[within_m]} 米",
        "within {found[within_m]} m of {found[other]} for {found[minutes]} min",
    ),
    "fake_track.replayed": (
        "{found[n]} 个坐标与 {found[other]} 在 {found[then]:clock} 的轨迹依次相同",
        "{found[n]} places repeat the track of {found[other]} at {found[then]:clock}",
    ),
    "fake_track.impossible": (
        "{found[n]} 次跳变，最快 {found[fastest_kmh]} 公里/小时",
        "{found[n]} jumps, the fastest at {found[fastest_kmh]} km/h",
    ),
    "fake_track.contradiction": (
        "{found[share_pct]}% 的速度或航向与位移不符",
        "{found[share_pct]}% of speeds or courses contradict the movement",
    ),
    "fake_track.time_stands": ("{found[n]} 个定位时间未递增", "{found[n]} fix times do not increase"),
    "wrong_datum": (
        (
            "{name} 终端设为 {found[set]}；按 {found[fits]} 计算 {found[shifts]} 个班次，"
            "偏差由 {found[off_m]} 米降至 {found[off_fits_m]} 米"
        ),
        (
            "the device of {name} is set to {found[set]}; read as {found[fits]}, its positions in {found[shifts]} "
            "shifts are off by {found[off_fits_m]} m instead of {found[off_m]} m"
        ),
    ),
    "single_officer": (
        "{name} {at:clock} 单人执法（案件 {case}）",
        "{name} worked on case {case} alone at {at:clock}",
    ),
    "single_officer.nobody": ("，附近没有其他队员", ", no other officer nearby"),
    "single_officer.nearest": ("，最近队员 {nearest_m} 米", ", the nearest officer {nearest_m} m away"),
    "recorder_off": (
        "{name} {at:clock} 登记事件 {type} 时记录仪未开启",
        "{name}'s recorder was off when event {type} was filed at {at:clock}",
    ),
    "sos": ("{name} {at:clock} 紧急求助（终端 {device}）", "SOS from {name} at {at:clock} (device {device})"),
    "crowding": (
        "{names:join、} 共 {names:count} 人在 {within_m} 米内聚集 {together_s:min} 分钟",
        "{names:join, }: {names:count} officers within {within_m} m for {together_s:min} min",
    ),
    "double_sign_in": (
        "{name} 自 {signed_in:clock} 起同时签到于 {devices:join、}",
        "{name} has been signed in on {devices:join and } at once since {signed_in:clock}",
    ),
    "deaf": (
        "自 {heard:clock} 起未收到任何终端的数据（{officers} 名在岗），请检查网络与消息服务",
        "no data received from any device since {heard:clock} ({officers} on duty): check the network and the broker",
    ),
    "deaf.ever": (
        "至今未收到任何终端的数据（{officers} 名在岗），请检查网络与消息服务",
        "no data received from any device so far ({officers} on duty): check the network and the broker",
    ),
    "deaf.many": (
        "{officers} 名在岗队员中 {silent} 名同时失联，请检查网络",
        "{silent} of {officers} officers on duty fell silent at the same time: check the network",
    ),
}

ENDS: dict[str, Pair] = {
    "resolved": ("{said}；{because}", "{said}; {because}"),
    "withdrawn": ("已撤回（{because}；原告警：{said}）", "withdrawn ({because}; the alert was: {said})"),
    "withdrawn_by": (
        "已撤回：情况不属实（{because}；原告警：{said}）",
        "withdrawn: not true ({because}; the alert was: {said})",
    ),
}
"""Ends of alerts about officers: `said` is the text of the alert, `because` the reason."""

WHY: dict[str, Pair] = {
    "over": ("已恢复", "back to normal"),
    "off_duty": ("已下班", "the shift has ended"),
    "break": ("已休息", "the officer is on a break"),
    "gone": ("人员或终端已不在册", "the officer or device is no longer on the roster"),
    "late_data": ("后到的数据表明情况不属实", "late data shows that it was not true"),
}
WHY_GAP: dict[str, Pair] = {
    "cell_ended": ("该单元网格已不再有效", "the cell is no longer in force"),
    "basis_changed": ("所依据的记录已被后到的数据更正", "late data corrected the record it was based on"),
}
BECAUSE: Pair = ("{said}：{because}", "{said}: {because}")
LATE_DATA: Pair = ("后到的数据", "late data")
CAUSES: dict[str, Pair] = {
    "link_lost": ("网络中断", "connection lost"),
    "gnss_lost": ("仍有消息但无卫星定位", "it sends, but without a position"),
    "battery_flat": ("电量耗尽", "battery empty"),
    "signed_off": ("终端主动下线", "signed off by the device"),
    "app_stopped": ("应用停止或终端关机", "the app has stopped or the device is off"),
}
"""Causes of lost contact."""

LEVELS: dict[str, Pair] = {
    "blue": ("蓝色", "blue"),
    "yellow": ("黄色", "yellow"),
    "orange": ("橙色", "orange"),
    "red": ("红色", "red"),
}
STEPS: dict[str, Pair] = {
    "step.opened": ("发出{level}告警", "opened ({level})"),
    "step.reopened": (
        "结束的依据不再成立，重新发出告警（{level}）",
        "the reason for ending it no longer holds: open again ({level})",
    ),
    "step.raised": ("升为{level}", "raised to {level}"),
    "step.lowered": ("降为{level}", "lowered to {level}"),
    "step.resolved": ("情况已解除", "resolved"),
    "step.withdrawn": (
        "后到的数据表明无需告警，已撤回",
        "withdrawn: late data shows that no alert was needed",
    ),
    "step.acknowledged": ("{actor} 已确认", "{actor} acknowledged it"),
    "step.noted": ("{actor} 备注：{text}", "{actor} noted: {text}"),
    "step.closed": ("{actor} 手动关闭：{reason}", "{actor} closed it: {reason}"),
    "step.woken": ("暂缓到期，重新提醒", "snooze over"),
    "step.assigned": ("{actor} 派 {device} 前往", "{actor} sent {device}"),
    "step.snoozed": ("{actor} 暂缓至 {until:day}：{reason}", "{actor} snoozed it until {until:day}: {reason}"),
    "step.accepted": ("{device} 已接受任务", "{device} accepted the order"),
    "step.arrived": ("{device} 已到达", "{device} arrived"),
    "step.done": ("{device} 报告完成", "{device} reported it done"),
    "step.escalated": ("{said}", "{said}"),
    "step.escalated.to": ("升级至第 {number} 级 {to:join、}", "escalated to {to:join, } (level {number})"),
    "step.escalated.nobody": ("升级，但无人值班", "escalated, but nobody is on duty"),
    "step.escalated.system": ("逾期无人处理，{said}", "no action in time: {said}"),
    "step.escalated.person": ("{actor} {said}：{reason}", "{actor}: {said}: {reason}"),
    "step.refused": ("{device} 拒绝任务", "{device} refused the order"),
    "step.refused.why": ("：{reason}", ": {reason}"),
    "step.expired": ("{device} 未完成任务，重新待派", "{device} did not finish the order: open again"),
    "step.expired.answer": (
        "{device} 未在时限内答复，重新待派",
        "{device} did not answer in time: open again",
    ),
    "step.expired.arrive": (
        "{device} 未在时限内到达，重新待派",
        "{device} did not arrive in time: open again",
    ),
    "step.expired.visit": (
        "{device} 到达后未形成有效巡查，重新待派",
        "{device} arrived but made no valid visit: open again",
    ),
}
