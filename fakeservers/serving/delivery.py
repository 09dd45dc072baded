"""How an answer leaves. The only code that touches the stream of bytes.

Frames that are due at the same time leave in one write: framing stays, system calls do not.
Where the server hands over the connection, head and body are written by this module itself;
elsewhere, in memory and under other servers, they leave as ASGI messages.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from typing import Any, Protocol

from ..wire.base import Answer, Frame
from . import http1

__all__ = ["Connection", "Send", "deliver"]

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

WRITE_BYTES_MAX = 256 * 1024
"""A longer run of due frames is cut into several writes, so that a slow reader is waited for."""


class Connection(Protocol):
    """A client's connection, for the length of one answer."""

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection stays open after the answer."""
        ...

    def write(self, data: bytes, *, last: bool = False) -> None: ...

    async def drained(self) -> None:
        """Return when the client has taken enough of what was written."""
        ...


async def deliver(
    answer: Answer,
    send: Send,
    connection: Connection | None = None,
    *,
    date: str,
    head_only: bool = False,
) -> int:
    """Send `answer`, dated; returns the bytes of body handed over."""
    if connection is None:
        return await _as_messages(answer, send, date, head_only)
    body = answer.body
    more = [f"date: {date}"]
    if not connection.keeps_alive:
        more.append("connection: close")
    if isinstance(body, bytes):
        head = http1.head(answer.status, answer.headers, [*more, f"content-length: {len(body)}"])
        connection.write(head if head_only else head + body, last=True)
        return len(body)
    waiting = http1.head(answer.status, answer.headers, [*more, "transfer-encoding: chunked"])
    sent = 0
    for due in () if head_only else _batches(body):
        sent += len(due)
        connection.write(waiting + http1.chunk(due))
        waiting = b""
        await connection.drained()
    connection.write(waiting if head_only else waiting + http1.LAST_CHUNK, last=True)
    return sent


async def _as_messages(answer: Answer, send: Send, date: str, head_only: bool) -> int:
    body = answer.body
    headers = [(b"date", date.encode("ascii"))]
    headers += [
        (name.encode("latin-1"), http1.clean(value).encode("latin-1"))
        for name, value in answer.headers
    ]
    if isinstance(body, bytes):
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if isinstance(body, bytes):
        await send({"type": "http.response.body", "body": b"" if head_only else body})
        return len(body)
    sent = 0
    for due in () if head_only else _batches(body):
        sent += len(due)
        await send({"type": "http.response.body", "body": due, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    return sent


def _batches(frames: Iterable[Frame]) -> Iterator[bytes]:
    """The frames joined, as many at a time as one write takes."""
    due: list[bytes] = []
    size = 0
    for frame in frames:
        due.append(frame.data)
        size += len(frame.data)
        if size >= WRITE_BYTES_MAX:
            yield b"".join(due)
            due, size = [], 0
    if due:
        yield b"".join(due)
