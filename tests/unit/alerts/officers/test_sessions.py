"""Who is signed in on which device, and who on two."""

import itertools

from alerts.officers import doubles
from alerts.officers.doubles import SignedInPeriod
from tests.unit.alerts.officers.world import MINUTE, START
from tracking.city.people import Sign

SIGNS = [
    Sign(device=1, t=START, badge="B1"),
    Sign(device=1, t=START + 60 * MINUTE, badge="B2"),
    Sign(device=1, t=START + 90 * MINUTE, badge=None),
    Sign(device=2, t=START + 30 * MINUTE, badge="B1"),
]


def test_a_session_ends_with_the_next_sign_on_its_device_in_any_order() -> None:
    """And at the latest after the longest shift."""
    expected = [
        SignedInPeriod(device=1, badge="B1", start=START, end=START + 60 * MINUTE),
        SignedInPeriod(device=1, badge="B2", start=START + 60 * MINUTE, end=START + 90 * MINUTE),
        SignedInPeriod(device=2, badge="B1", start=START + 30 * MINUTE, end=START + 30 * MINUTE + doubles.LONGEST_MS),
    ]
    for order in itertools.permutations(SIGNS):
        assert doubles.sessions([*order, order[0]]) == expected


def test_a_badge_on_two_devices_is_a_double_after_the_grace() -> None:
    """From the second sign on, until the first device is another's."""
    found = doubles.sessions(SIGNS)
    second = START + 30 * MINUTE
    assert doubles.overlap(found, second + doubles.GRACE_MS - 1) == {}
    assert doubles.overlap(found, second + doubles.GRACE_MS) == {"B1": (second, (1, 2))}
    assert doubles.overlap(found, START + 60 * MINUTE) == {}
