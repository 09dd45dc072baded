"""How an answer leaves through ASGI. The only code that touches the stream of bytes.

Frames that are due at the same time leave in one write: framing stays, system calls do not.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from ..wire.base import Answer, Frame

__all__ = ["Send", "deliver"]

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

WRITE_BYTES_MAX = 256 * 1024
"""A longer run of due frames is cut into several writes, so that a slow reader is waited for."""


async def deliver(answer: Answer, send: Send, *, date: str, head_only: bool = False) -> int:
    """Send `answer`, dated; returns the bytes of body handed over."""
    headers = [(b"date", date.encode("ascii"))]
    headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if isinstance(answer.body, bytes):
        headers.append((b"content-length", b"%d" % len(answer.body)))
        await _start(send, answer.status, headers)
        await send({"type": "http.response.body", "body": b"" if head_only else answer.body})
        return len(answer.body)
    await _start(send, answer.status, headers)
    return await _stream(answer.body, send)


async def _start(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _stream(frames: Iterable[Frame], send: Send) -> int:
    due: list[bytes] = []
    size = sent = 0
    for frame in frames:
        due.append(frame.data)
        size += len(frame.data)
        if size >= WRITE_BYTES_MAX:
            await send({"type": "http.response.body", "body": b"".join(due), "more_body": True})
            sent += size
            due, size = [], 0
    await send({"type": "http.response.body", "body": b"".join(due)})
    return sent + size
