"""Answers of devices to commands, stored with their messages; they are processed afterwards."""

from collections.abc import Sequence

from alerts.life.reply import DeviceReply
from alerts.store import commands
from runtime import db

# Only answers of the device that was asked: nobody can fill the table, or answer for another one.
_INSERT = """
INSERT INTO replies (command, state, t, received, text)
SELECT r.command, r.state, r.t, r.received, r.text
FROM unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[])
  AS r (command, device, state, t, received, text)
JOIN commands c ON c.id = r.command AND c.device = r.device
ON CONFLICT DO NOTHING RETURNING command
"""


async def insert(conn: db.Connection, answers: Sequence[DeviceReply]) -> int:
    """Store new answers that belong to a command of their device; returns how many."""
    if not answers:
        return 0
    rows = await conn.fetch(
        _INSERT,
        [reply.content.cmd for reply in answers],
        [reply.device for reply in answers],
        [reply.content.state.value for reply in answers],
        [db.moment(reply.content.t) for reply in answers],
        [db.moment(reply.received) for reply in answers],
        [reply.content.text for reply in answers],
    )
    await commands.close(conn, [row["command"] for row in rows], max(reply.received for reply in answers))
    return len(rows)
