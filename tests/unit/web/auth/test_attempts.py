"""Limits on sign-ins: waits that double, nobody locked out by others for good, bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from web.auth import attempts
from web.auth.attempts import ADDRESS, FORGOTTEN_S, NAME, PAIR, Attempts


def test_free_failures_are_followed_by_waits_that_double() -> None:
    """Five are free; then 30 s, 60 s, 120 s …, at most 15 minutes."""
    limits, now, waits = Attempts(), 0.0, []
    for _ in range(PAIR.free):
        assert limits.begin("anna", "1.1.1.1", now) == 0
    for _ in range(8):
        wait = limits.begin("anna", "1.1.1.1", now)
        waits.append(wait)
        now += wait
        assert limits.begin("anna", "1.1.1.1", now) == 0
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_failures_are_forgotten_after_a_quiet_while() -> None:
    """Whoever stops is free again."""
    limits = Attempts()
    for _ in range(PAIR.free):
        limits.begin("anna", "1.1.1.1", 0)
    assert limits.begin("anna", "1.1.1.1", 1) > 0
    assert limits.begin("anna", "1.1.1.1", FORGOTTEN_S + 1) == 0


def test_many_names_from_one_address_are_limited() -> None:
    """Guessing one password under many names is met by the address's limit."""
    limits = Attempts()
    for n in range(ADDRESS.free):
        assert limits.begin(f"name-{n}", "1.1.1.1", 0) == 0
    assert limits.begin("another", "1.1.1.1", 0) == ADDRESS.first_s
    assert limits.begin("another", "2.2.2.2", 0) == 0


def test_many_addresses_cannot_lock_a_name_out() -> None:
    """However many fail under a name, its owner waits seconds at a new address and not at all at a known one."""
    limits = Attempts()
    assert limits.begin("anna", "9.9.9.9", 0) == 0
    limits.succeeded("anna", "9.9.9.9")
    now = 0.0
    for n in range(1_000):
        now += limits.begin("anna", f"10.0.{n // 250}.{n % 250}", now)
        limits.begin("anna", f"10.0.{n // 250}.{n % 250}", now)
    assert 0 < limits.begin("anna", "8.8.8.8", now) <= NAME.longest_s
    assert limits.begin("anna", "9.9.9.9", now) == 0


def test_burst_counts_before_any_answer() -> None:
    """A hundred tries at once are a hundred, though none has failed yet."""
    limits = Attempts()
    allowed = sum(limits.begin("anna", "1.1.1.1", 0) == 0 for _ in range(100))
    assert allowed == PAIR.free


def test_success_clears_the_pair_and_counts_as_no_failure() -> None:
    """Whoever gets it right at the fifth try begins anew."""
    limits = Attempts()
    for _ in range(PAIR.free):
        limits.begin("anna", "1.1.1.1", 0)
    limits.succeeded("anna", "1.1.1.1")
    for _ in range(PAIR.free):
        assert limits.begin("anna", "1.1.1.1", 0) == 0
    assert limits.begin("anna", "1.1.1.1", 0) > 0


@given(st.lists(st.tuples(st.text(max_size=300), st.text(max_size=50), st.floats(0, 1e6)), max_size=50))
def test_any_names_are_taken_and_waits_are_bounded(tries: list[tuple[str, str, float]]) -> None:
    """Hostile names and addresses: never an error, never a wait beyond the longest."""
    limits = Attempts()
    for name, address, now in sorted(tries, key=lambda one: one[2]):
        assert 0 <= limits.begin(name, address, now) <= PAIR.longest_s


def test_memory_is_bounded() -> None:
    """The oldest are forgotten first."""
    limits = Attempts()
    for n in range(attempts.MAX_KEYS + 100):
        limits.begin(f"name-{n}", f"{n}", 0)
    assert len(limits._failures) <= attempts.MAX_KEYS
