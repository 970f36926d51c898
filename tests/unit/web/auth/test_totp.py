"""One-time passwords: the vectors of the RFC, clocks that differ, and no code twice."""

import pytest

from web.auth import totp

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("at", "wanted"),
    [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
     (2000000000, "69279037"), (20000000000, "65353130")],
)  # fmt: skip
def test_code_is_that_of_rfc_6238(at: int, wanted: str) -> None:
    """Appendix B, SHA-1, eight digits."""
    assert totp.code(SECRET, at // totp.STEP_S, 8) == wanted


@pytest.mark.parametrize(("off", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clock_may_be_one_step_off(off: int, *, taken: bool) -> None:
    """One step earlier or later is taken, two are not."""
    now = 1_780_000_000
    given = totp.code(SECRET, now // totp.STEP_S + off)
    assert (totp.accepted(SECRET, given, now, 0) is not None) is taken


def test_code_opens_once() -> None:
    """What was used, and everything before it, is refused."""
    now = 1_780_000_000
    given = totp.code(SECRET, now // totp.STEP_S)
    step = totp.accepted(SECRET, given, now, 0)
    assert step == now // totp.STEP_S
    assert totp.accepted(SECRET, given, now + 29, step) is None
    assert totp.accepted(SECRET, totp.code(SECRET, step - 1), now, step) is None
    assert totp.accepted(SECRET, totp.code(SECRET, step + 1), now, step) == step + 1


@pytest.mark.parametrize("given", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\ud800"])
def test_what_is_no_code_is_refused(given: str) -> None:
    """Never an error, whatever is typed."""
    assert totp.accepted(SECRET, given, 1_780_000_000, 0) is None


def test_recovery_codes_are_many_and_taken_as_people_type_them() -> None:
    """Ten different ones; case, spaces and dashes do not matter."""
    codes = totp.recovery_codes()
    assert len(set(codes)) == totp.RECOVERY_CODES
    assert totp.recovery_hash(f" {codes[0][:5]}-{codes[0][5:].upper()} ") == totp.recovery_hash(codes[0])


def test_address_names_the_account_and_the_secret() -> None:
    """An app reads it from the QR code."""
    assert totp.address(SECRET, "anna b") == (
        "otpauth://totp/patrolgrid%3Aanna%20b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=patrolgrid"
        "&algorithm=SHA1&digits=6&period=30"
    )
