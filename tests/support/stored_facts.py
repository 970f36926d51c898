"""Facts as an alert may have them in the database: of another version, or of no kind that there is."""

from collections.abc import Mapping
from typing import Any

from alerts.life.facts import Facts


class AsStored(Facts, frozen=True, kw_only=True):
    """Facts that are stored as they are given."""

    given: dict[str, Any]

    def stored(self) -> dict[str, Any]:
        """What was given."""
        return dict(self.given)


def as_stored(given: Mapping[str, Any] | None = None, **more: Any) -> AsStored:
    """Facts that are stored like this."""
    return AsStored(given={**(given or {}), **more})
