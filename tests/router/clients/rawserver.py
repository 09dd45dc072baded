"""A server that sends what a test gives it, byte by byte, for what no HTTP server would do."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["RawServer", "Talk", "chunked", "head", "rawserver"]

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]
CLOSING_S = 60.0


@dataclass(kw_only=True)
class RawServer:
    """What it saw: `left` is set once a client has left."""

    url: str = ""
    connections: int = 0
    requests: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)


def head(content_type: str, *more: str) -> bytes:
    """Response headers of a body that ends with the connection."""
    lines = ("HTTP/1.1 200 OK", f"content-type: {content_type}", "connection: close", *more)
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def chunked(content_type: str, body: bytes) -> bytes:
    """A whole response after which the connection can be used again."""
    lines = ("HTTP/1.1 200 OK", f"content-type: {content_type}", "transfer-encoding: chunked")
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + chunk


@asynccontextmanager
async def rawserver(talk: Talk, *, waits: bool = False) -> AsyncIterator[RawServer]:
    """Read a request, let `talk` write, and close; with `waits` go on until the client leaves."""
    server = RawServer()
    serving: set[asyncio.Task[None]] = set()

    async def serve(connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        with suppress(OSError, asyncio.IncompleteReadError):
            while await _request(reader):
                server.requests += 1
                await talk(writer)
                if not waits:
                    break
        server.left.set()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def accept(listening: socket.socket) -> None:
        # Not asyncio.start_server: what it accepts in its last moment nobody waits for.
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(listening)
            server.connections += 1
            serving.add(asyncio.ensure_future(serve(connection)))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        host, port = listening.getsockname()
        server.url = f"http://{host}:{port}"
        accepting = asyncio.ensure_future(accept(listening))
        try:
            yield server
        finally:
            accepting.cancel()
            await asyncio.wait({accepting})
    if serving:
        await asyncio.wait_for(asyncio.gather(*serving), CLOSING_S)


async def _request(reader: asyncio.StreamReader) -> bytes:
    """One request's body, b" " for none; b"" when the client left."""
    try:
        asked = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    lengths = [line for line in asked.lower().split(b"\r\n") if line.startswith(b"content-length")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    return await reader.readexactly(length) or b" "
