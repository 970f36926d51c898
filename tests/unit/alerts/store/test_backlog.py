"""When warnings wait for what is coming in, by timelines of the newest fixes."""

from alerts.store.backlog import Backlog

NOW = 1_769_990_400_000
MINUTE = 60_000
LOOK = 5_000


def fleet(behind: dict[int, int], devices: int = 20, at: int = NOW) -> dict[int, int]:
    """Newest fixes of devices that are up to date but for those that are so many ms behind."""
    return {device: at - behind.get(device, 1_000) for device in range(devices)}


def test_a_fleet_that_uploads_its_history_fills_until_it_is_up_to_date() -> None:
    """Devices nobody knew of, whose time runs a hundred times as fast as the clock."""
    backlog = Backlog()
    told = [backlog.fills({}, NOW)]
    for look in range(1, 6):
        now = NOW + look * LOOK
        told.append(backlog.fills(dict.fromkeys(range(20), min(now, NOW - 40 * MINUTE + look * 10 * MINUTE)), now))
    assert told == [False, True, True, True, False, False]


def test_a_backlog_after_an_outage_fills() -> None:
    """Known devices that were silent for an hour go on where they stopped."""
    backlog = Backlog()
    silent = fleet(dict.fromkeys(range(20), 60 * MINUTE))
    assert not backlog.fills(silent, NOW)
    assert not backlog.fills(silent, NOW + LOOK)
    assert backlog.fills({device: t + 20 * MINUTE for device, t in silent.items()}, NOW + 2 * LOOK)


def test_wrong_clocks_hold_nothing_up() -> None:
    """Devices minutes behind go on as fast as the clock, however many they are."""
    backlog = Backlog()
    told = [
        backlog.fills(fleet(dict.fromkeys(range(20), 4 * MINUTE), at=now), now)
        for now in range(NOW, NOW + 10 * LOOK, LOOK)
    ]
    assert not any(told)


def test_few_devices_that_catch_up_hold_nothing_up() -> None:
    """One of twenty does not, two of twenty do."""
    for many, held in ((1, False), (2, True)):
        backlog = Backlog()
        backlog.fills(fleet(dict.fromkeys(range(many), 30 * MINUTE)), NOW)
        assert backlog.fills(fleet(dict.fromkeys(range(many), 10 * MINUTE), at=NOW + LOOK), NOW + LOOK) is held


def test_silence_holds_nothing_up() -> None:
    """Devices that say nothing are not coming in."""
    backlog = Backlog()
    before = fleet(dict.fromkeys(range(20), 30 * MINUTE))
    assert not any(backlog.fills(before, NOW + look * LOOK) for look in range(5))
