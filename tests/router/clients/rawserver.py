"""A server that sends what a test gives it, byte by byte, for what no HTTP server would do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

__all__ = ["RawServer", "head", "rawserver"]

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]
REQUEST_BYTES_MAX = 2**20


@dataclass(kw_only=True)
class RawServer:
    """`closed_s` are the loop's times at which a client was seen to have left."""

    url: str = ""
    requests: int = 0
    closed_s: list[float] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)


def head(content_type: str, *more: str, status: str = "200 OK") -> bytes:
    """Response headers of a body that ends with the connection."""
    lines = (f"HTTP/1.1 {status}", f"content-type: {content_type}", "connection: close", *more)
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


@asynccontextmanager
async def rawserver(talk: Talk, *, waits: bool = False) -> AsyncIterator[RawServer]:
    """Read each request's head, let `talk` write, and close; with `waits` keep the connection
    open until the client leaves it."""
    server = RawServer()
    connections: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        server.requests += 1
        await reader.readuntil(b"\r\n\r\n")
        await talk(writer)
        if waits:
            while await reader.read(REQUEST_BYTES_MAX):
                pass
            server.closed_s.append(asyncio.get_running_loop().time())
            server.left.set()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()[:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        listening.close()
        for writer in connections:
            writer.close()
        await listening.wait_closed()
