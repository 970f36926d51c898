"""Checks of the machine: disk, and expiry of certificates."""

import asyncio
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from patrol.checks.findings import CheckResult, bad, ok, warn
from schemas.broker import Broker

_LEAST_FREE = 0.05
_LITTLE_FREE = 0.15
_LEAST_BYTES = 1 << 30
SOON = timedelta(days=7)
COMING = timedelta(days=30)
_WITHIN_S = 8.0


def disk(what: str, place: Path) -> CheckResult:
    """Free disk space at `place`, which need not exist yet."""
    here = place.absolute()
    while not here.exists():
        here = here.parent
    usage = shutil.disk_usage(here)
    share = usage.free / usage.total
    detail = f"{place}: {usage.free / (1 << 30):.1f} GiB free 剩余, {share:.0%}"
    todo = "free some space, or keep data for less time (`patrol retention set`) 清理或扩容"
    if share < _LEAST_FREE or usage.free < _LEAST_BYTES:
        return bad(what, detail, todo)
    return warn(what, detail, todo) if share < _LITTLE_FREE else ok(what, detail)


def certificate_file(what: str, file: Path, now: datetime) -> CheckResult:
    """Expiry of the first certificate of a PEM file."""
    try:
        chain = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as fault:
        return bad(what, f"{file}: {fault}", "store the certificate chain there as PEM 放置 PEM 证书链")
    return expiry(what, min(chain, key=lambda certificate: certificate.not_valid_after_utc), now)


async def broker_certificate(broker: Broker) -> CheckResult:
    """Whether the broker's certificate is trusted, and its expiry."""
    what = "broker certificate 消息服务证书"
    try:
        async with asyncio.timeout(_WITHIN_S):
            _, writer = await asyncio.open_connection(broker.host, broker.port, ssl=broker.tls())
    except ssl.SSLCertVerificationError as fault:
        todo = "give its CA with ?ca=FILE, or renew it; devices refuse it too 更新证书或指定 CA"
        return bad(what, fault.verify_message, todo)
    except (OSError, TimeoutError) as fault:
        return bad(what, f"not received: {fault or 'no answer'}", "see broker above 见上")
    try:
        encoded = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.close()
    return expiry(what, x509.load_der_x509_certificate(encoded), datetime.now(UTC))


def expiry(what: str, certificate: x509.Certificate, now: datetime) -> CheckResult:
    """Remaining validity of a certificate."""
    ends = certificate.not_valid_after_utc
    detail = f"{certificate.subject.rfc4514_string()} until 有效至 {ends:%Y-%m-%d}"
    todo = "renew it before then: devices and browsers will refuse it 续期"
    if ends - now < SOON:
        return bad(what, detail, todo)
    return warn(what, detail, todo) if ends - now < COMING else ok(what, detail)
