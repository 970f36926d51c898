"""Models of the audit record."""

from typing import Any

from pydantic import AwareDatetime, Field

from schemas.rest import Model, Page


class AuditEntry(Model):
    """A view or change by somebody."""

    n: int = Field(description="Its place in the chain: 1, 2, 3, ...")
    at: AwareDatetime
    actor: str
    action: str = Field(description="look, change, live.begin, live.watch, account.disable, ...")
    object: str
    detail: dict[str, Any]
    hash: str = Field(description="SHA-256 of the hash before and of this row, hexadecimal.")


class AuditEntries(Page):
    """A page of the audit record."""

    items: list[AuditEntry]
