"""Names of people and their devices: which are shown, and which are redacted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names that `alerts.privacy.redaction` removes from texts; a name of both kinds is shown."""

    hidden: frozenset[str] = frozenset()
    """Names, badges, device names and labels of people and devices that are not in sight, former ones included."""
    shown: frozenset[str] = frozenset()
    """Those in sight: a hidden name that is only a part of one of them is no mention of its owner."""

    def __bool__(self) -> bool:
        """Whether any name is hidden."""
        return bool(self.hidden)


ALL_SHOWN = Names()
"""For those who see every person."""
