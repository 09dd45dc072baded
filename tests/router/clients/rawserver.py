"""A server that sends what a test gives it, byte by byte, for what no HTTP server would do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["RawServer", "Talk", "chunked", "head", "rawserver"]

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]
CLOSING_S = 5.0


@dataclass(kw_only=True)
class RawServer:
    """What it saw: `left_s` is the loop's time at which the last client had left."""

    url: str = ""
    connections: int = 0
    requests: int = 0
    left_s: float = 0.0
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

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            while await _request(reader):
                server.requests += 1
                await talk(writer)
                if not waits:
                    break
        server.left_s = asyncio.get_running_loop().time()
        server.left.set()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.ensure_future(serve(reader, writer)))

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()[:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        listening.close()
        if serving:
            await asyncio.wait_for(asyncio.gather(*serving), CLOSING_S)
        await listening.wait_closed()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """One request's body, b" " for none; b"" when the client left."""
    try:
        asked = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    lengths = [line for line in asked.lower().split(b"\r\n") if line.startswith(b"content-length")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    return await reader.readexactly(length) or b" "
