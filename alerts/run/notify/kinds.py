"""The kinds of channels and their senders."""

from collections.abc import Callable, Mapping

from alerts.run.notify.guard import Allowed
from alerts.run.notify.outbox import ChannelKind
from alerts.run.notify.push import Push
from alerts.run.notify.services import Services, schemes
from alerts.run.notify.webhook import Webhook
from runtime import db
from runtime.clock import wall_clock
from runtime.vault import Vault


def make(
    pool: db.Pool, *, allow: str, services: str, vault: Vault | None = None, now: Callable[[], int] = wall_clock
) -> Mapping[str, ChannelKind]:
    """Create the senders.

    Args:
        pool: the database.
        allow: private networks and names that are allowed.
        services: allowed Apprise schemes; empty: the safe ones.
        vault: decrypts the push key; None: no push messages.
        now: the time, ms since 1970-01-01 UTC.

    Raises:
        ValueError: `allow` cannot be read.
    """
    allowed = Allowed.parse(allow)
    return {
        "webhook": ChannelKind(send=Webhook(allowed, now), repeatable=True, lease_ms=20_000),
        "webpush": ChannelKind(send=Push(pool, allowed, vault, now), repeatable=True, lease_ms=20_000),
        "apprise": ChannelKind(send=Services(allowed, schemes(services)), repeatable=False, lease_ms=120_000),
    }
