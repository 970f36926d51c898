"""Failed sign-ins are limited, in bounded memory."""

from web import attempts
from web.attempts import Attempts


def test_pair_waits_after_five_failures_until_the_window_is_over() -> None:
    """The sixth attempt of a name from an address waits until the first failure is five minutes old."""
    limit = Attempts()
    for n in range(attempts.PER_PAIR):
        assert limit.wait_s("admin", "a", float(n)) == 0
        limit.failed("admin", "a", float(n))
    assert limit.wait_s("admin", "a", 10) == attempts.WINDOW_S - 10
    assert limit.wait_s("admin", "a", attempts.WINDOW_S) == 0


def test_other_address_is_not_locked_out_by_strangers() -> None:
    """Failures from one address do not keep the owner out at another."""
    limit = Attempts()
    for n in range(attempts.PER_PAIR):
        limit.failed("admin", "stranger", float(n))
    assert limit.wait_s("admin", "owner", 10) == 0


def test_address_that_tries_many_names_waits() -> None:
    """Guessing under changing names is limited by the address."""
    limit = Attempts()
    for n in range(attempts.PER_ADDRESS):
        limit.failed(f"name-{n}", "a", 1.0)
    assert limit.wait_s("another", "a", 2) > 0


def test_success_forgives_the_pair() -> None:
    """Who signed in may mistype again."""
    limit = Attempts()
    for _ in range(attempts.PER_PAIR):
        limit.failed("admin", "a", 1.0)
    limit.succeeded("admin", "a")
    assert limit.wait_s("admin", "a", 2) == 0


def test_memory_is_bounded() -> None:
    """However many names are tried from however many addresses, some thousand are remembered."""
    limit = Attempts()
    for n in range(30_000):
        limit.failed(f"n{n}", f"a{n}", 1.0)
    assert len(limit._failures) <= attempts.MAX_KEYS
