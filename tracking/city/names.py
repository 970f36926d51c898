"""Names of people and their devices: which may be read, and which are taken out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names that `alerts.privacy.redaction` takes out of what somebody reads; a name of both kinds is shown."""

    hidden: frozenset[str] = frozenset()
    """Names, badges, device names and labels of people and devices that are not in sight, former ones included."""
    shown: frozenset[str] = frozenset()
    """Those in sight: a hidden name that is only a part of one of them is no mention of its owner."""

    def __bool__(self) -> bool:
        """Whether there is anything to take out."""
        return bool(self.hidden)


ALL_SHOWN = Names()
"""For those who see every person."""
