"""Areas of the city by their codes."""

from collections.abc import Collection

from runtime import db


async def existing(conn: db.Connection, codes: Collection[str]) -> list[str]:
    """The codes among these that exist, in order."""
    rows = await conn.fetch("SELECT code FROM areas WHERE code = ANY ($1) ORDER BY code", list(codes))
    return [row["code"] for row in rows]
