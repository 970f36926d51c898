"""An HTTP server that takes what the product sends elsewhere."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Sink:
    """An HTTP server that takes webhooks."""

    url: str = ""
    status: int = 200
    then: list[int] = field(default_factory=list)
    """Statuses of the next answers, before `status`."""
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head)}
        self.taken.append((headers, await reader.readexactly(int(headers["content-length"]))))
        status = self.then.pop(0) if self.then else self.status
        writer.write(f"HTTP/1.1 {status} x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".encode())
        writer.close()

    def bodies(self) -> list[Any]:
        """What was taken."""
        return [json.loads(body) for _, body in self.taken]


@asynccontextmanager
async def listening() -> AsyncIterator[Sink]:
    """A sink on a free port."""
    made = Sink()
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        yield made
