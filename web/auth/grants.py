"""Nobody can grant rights they lack, or change accounts with more rights. Pure.

A token ends with the account or token that made it, and an account with the token that made it; triggers of the
database end them when their maker ends or loses rights. An account made by a person stays when that person leaves.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from web.auth.access import PERMISSIONS, Permission, Role

EVERYTHING = PERMISSIONS[Role.ADMINISTRATOR]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Rights of an account or token."""

    permissions: frozenset[Permission]
    areas: frozenset[str] | None
    """Codes of areas; None: the whole city."""
    until: datetime | None
    """End; None: no end."""
    officer: int | None = None
    """Officer whose own record it reads."""


def holding(
    role: str,
    *,
    areas: Collection[str] | None,
    until: datetime | None,
    scopes: Collection[str] | None = None,
    officer: int | None = None,
) -> Holding:
    """Rights of a role, limited to areas, scopes and a time."""
    granted = PERMISSIONS[Role(role)]
    return Holding(
        permissions=granted if scopes is None else granted & frozenset(scopes),
        areas=None if areas is None else frozenset(areas),
        until=until,
        officer=officer,
    )


def missing_rights(holder: Holding, wanted: Holding) -> list[str]:
    """Rights in `wanted` that the holder lacks."""
    excess = [str(permission) for permission in sorted(wanted.permissions - holder.permissions)]
    if holder.areas is not None and (wanted.areas is None or not wanted.areas <= holder.areas):
        excess.append("other areas")
    if holder.until is not None and (wanted.until is None or wanted.until > holder.until):
        excess.append(f"a time after {holder.until.isoformat()}")
    if wanted.officer not in (None, holder.officer) and holder.permissions != EVERYTHING:
        excess.append("somebody's own record")
    return excess


def earlier_end(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two ends; None: without end."""
    ends = [end for end in (one, other) if end is not None]
    return min(ends, default=None)
