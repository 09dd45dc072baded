"""A client's connection for the length of one answer, and the one that speaks HTTP/1.1.

What is written here is framed; nothing here decides what to write, when, or what goes wrong.
"""

import asyncio
import socket
import struct
from collections.abc import Sequence
from typing import Protocol

from uvicorn.protocols.http.flow_control import FlowControl

from ..wire.base import Headers
from . import http1

__all__ = ["Connection", "Http1Connection", "abort"]

NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing throws away what is unsent and sends a reset."""


class Connection(Protocol):
    """Where one answer goes: `start`, any number of `write`s, then one of the three ends."""

    sent_bytes: int
    """Bytes of the body handed over so far."""

    def start(self, status: int, headers: Headers, length: int | None) -> None:
        """Status and headers; they leave with the first write. `length` None: a stream."""
        ...

    def write(self, data: bytes) -> None:
        """A part of the body; no bytes send what is pending, the head."""
        ...

    def finish(self) -> None:
        """The answer is whole."""
        ...

    def send_whole(self, status: int, headers: Headers, body: bytes) -> None:
        """`start`, `write` and `finish` in one, for an answer that is all there."""
        ...

    def send_stream(self, status: int, headers: Headers, pieces: Sequence[bytes]) -> None:
        """The same for a stream that is all there."""
        ...

    def close(self) -> None:
        """Close the connection as it is: a FIN on a socket."""
        ...

    def reset(self) -> None:
        """Reset the connection: a RST on a socket."""
        ...

    @property
    def full(self) -> bool:
        """Whether to wait for `drained` before more is written."""
        ...

    async def drained(self) -> None:
        """Return when the client has taken enough of what was written."""
        ...


class Http1Connection:
    """The bytes of HTTP/1.1 on a transport. A stream is chunked, for HTTP/1.0 ended by closing."""

    __slots__ = (
        "_chunked",
        "_flow",
        "_head",
        "_head_only",
        "_keeps_alive",
        "_transport",
        "_version",
        "sent_bytes",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        flow: FlowControl,
        *,
        keeps_alive: bool,
        version: str = "1.1",
        head_only: bool = False,
    ) -> None:
        self._transport = transport
        self._flow = flow
        self._keeps_alive = keeps_alive
        self._version = version
        self._head_only = head_only
        self._head = b""
        self._chunked = False
        self.sent_bytes = 0

    def start(self, status: int, headers: Headers, length: int | None) -> None:
        more = []
        if length is not None:
            more.append(f"content-length: {length}")
        elif self._version == "1.1":
            self._chunked = True
            more.append("transfer-encoding: chunked")
        else:
            self._keeps_alive = False
        if not self._keeps_alive:
            more.append("connection: close")
        self._head = http1.head(status, headers, more)

    def write(self, data: bytes) -> None:
        self.sent_bytes += len(data)
        if self._head_only:
            data = b""
        elif self._chunked and data:
            data = http1.chunk(data)
        self._out(data)

    def finish(self) -> None:
        self._out(http1.LAST_CHUNK if self._chunked and not self._head_only else b"")

    def send_whole(self, status: int, headers: Headers, body: bytes) -> None:
        self.start(status, headers, len(body))
        self.write(body)

    def send_stream(self, status: int, headers: Headers, pieces: Sequence[bytes]) -> None:
        self.start(status, headers, None)
        size = sum(map(len, pieces))
        self.sent_bytes += size
        if self._head_only:
            pieces = ()
        elif self._chunked:
            chunk = (b"%x\r\n" % size, *pieces, b"\r\n") if size else ()
            pieces = (*chunk, http1.LAST_CHUNK)
        head, self._head = self._head, b""
        if not self._transport.is_closing():
            # Long as they are, they are not copied into one.
            self._transport.writelines((head, *pieces))

    def close(self) -> None:
        self._out(b"")
        self._transport.close()

    def reset(self) -> None:
        self._out(b"")
        abort(self._transport)

    @property
    def full(self) -> bool:
        return self._flow.write_paused

    async def drained(self) -> None:
        if self._flow.write_paused and not self._transport.is_closing():
            await self._flow.drain()

    def _out(self, data: bytes) -> None:
        data, self._head = self._head + data, b""
        if data and not self._transport.is_closing():
            self._transport.write(data)


def abort(transport: asyncio.Transport) -> None:
    """Reset the connection: whatever its client does next fails with ECONNRESET."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
