"""The API keeps what its document says, whatever is sent: no 5xx, no undocumented answer.

`PATROL_API_EXAMPLES=500` sends 500 requests to each operation instead of a few.
"""

import asyncio
import os
from typing import Any

import pytest

from tests.integration.web.test_matrix import City, city
from tests.support import apicheck
from web.auth.access import Role

__all__ = ["city"]

EXAMPLES = int(os.environ.get("PATROL_API_EXAMPLES", "4"))
WHO = {"administrator": (Role.ADMINISTRATOR, "city"), "limited": (Role.SUPERVISOR, "street"), "nobody": None}
AWAY = {"/readyz", "/"}
"""They say 503 in these tests, as there is no worker and no built page."""


@pytest.mark.parametrize("who", WHO)
async def test_api_keeps_its_document(city: City, who: str) -> None:
    """Every operation with requests made from its description, by an administrator, somebody limited, and nobody."""
    asks = WHO[who]
    headers = {} if asks is None else {"Authorization": f"Bearer {city.tokens[asks]}"}
    async with city.server.client() as client:
        document: dict[str, Any] = (await client.get("/openapi.json")).json()
    operations = [one for one in apicheck.operations(document) if one.path not in AWAY]
    assert len(operations) > 30
    faults: list[str] = []
    for operation in operations:
        try:
            await asyncio.to_thread(
                apicheck.exercise,
                operation,
                city.server.url,
                headers,
                examples=EXAMPLES if asks else max(1, EXAMPLES // 4),
            )
        except (AssertionError, BaseExceptionGroup) as fault:
            faults.append(f"{operation.label}: {fault}\n{getattr(fault, '__notes__', '')}"[:1500])
    assert faults == [], "\n\n".join(faults)
    async with city.server.client() as client:
        assert (await client.get("/api/v1/session")).status_code == 200
