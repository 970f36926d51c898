"""Baselines of the pipeline: a naive loop, and the MQTT library alone.

`python -m bench.naive insert URL DATABASE`: aiomqtt, json, one INSERT a message.
`python -m bench.naive count URL`: gmqtt alone, acknowledging each message when its handler returns.
Both print how many they took, ten times a second.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Any

import aiomqtt
import asyncpg
import gmqtt

from schemas.broker import Broker

FILTER = "patrol/v1/+/+/fix"
TABLE = """
CREATE TABLE IF NOT EXISTS naive (
  device text, t timestamptz, lat double precision, lon double precision, acc real, spd real, PRIMARY KEY (device, t))
"""
INSERT = "INSERT INTO naive VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
SAY_S = 0.1

taken = 0


async def say() -> None:
    """Print the count again and again."""
    while True:
        print(taken, flush=True)
        await asyncio.sleep(SAY_S)


async def insert(url: str, database: str) -> None:
    """Store each message by itself."""
    global taken  # noqa: PLW0603 - one counter for one process
    broker = Broker.parse(url)
    connection = await asyncpg.connect(database)
    await connection.execute(TABLE)
    async with aiomqtt.Client(broker.host, broker.port, identifier="naive", clean_session=False) as client:
        await client.subscribe(FILTER, qos=1)
        async for message in client.messages:
            device = str(message.topic).split("/")[3]
            said = json.loads(message.payload)
            for fix in said if isinstance(said, list) else [said]:
                at = datetime.fromtimestamp(fix["t"] / 1000, UTC)
                await connection.execute(INSERT, device, at, fix["lat"], fix["lon"], fix["acc"], fix["spd"])
                taken += 1


async def count(url: str) -> None:
    """Take and acknowledge."""
    broker = Broker.parse(url)
    client = gmqtt.Client("bare", clean_session=True, optimistic_acknowledgement=False, receive_maximum=1000)

    async def on_message(_client: Any, _topic: str, _payload: bytes, _qos: int, _properties: Any) -> int:
        global taken  # noqa: PLW0603 - as above
        taken += 1
        return 0

    client.on_message = on_message
    await client.connect(broker.host, broker.port)
    client.subscribe(FILTER, qos=1)
    await asyncio.Event().wait()


async def main() -> None:
    """Do what the command line says."""
    telling = asyncio.create_task(say())
    await (insert(*sys.argv[2:]) if sys.argv[1] == "insert" else count(*sys.argv[2:]))
    telling.cancel()


if __name__ == "__main__":
    asyncio.run(main())
