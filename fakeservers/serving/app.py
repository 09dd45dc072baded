"""The ASGI application of one fake: reads a request, has it answered, delivers the answer.

Plain ASGI, no framework's request and response objects: they cost more than all the rest.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from ..wire.base import HttpRequest, RequestHeaders
from .delivery import Send, deliver
from .exchange import Fake

__all__ = ["BODY_BYTES_MAX", "CONNECTION", "App"]

CONNECTION = "fakeservers.connection"
"""The extension of an ASGI scope in which a server hands over the connection itself."""

BODY_BYTES_MAX = 64 * 1024 * 1024
"""A longer request body is answered with 413."""

DRAINED_BYTES_MAX = 4 * BODY_BYTES_MAX
"""How much of a too long body is read and thrown away, so that its sender hears the answer."""

HEADERS_REMEMBERED_MAX = 256

NOTHING: Mapping[str, Any] = {}

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class App:
    """ASGI 3 application. A `lifespan` is accepted, a web socket refused."""

    def __init__(self, fake: Fake) -> None:
        self._fake = fake
        self._date = (0, "")

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _refuse(scope, receive, send)
            return
        fake = self._fake
        try:
            body = await _read(receive)
        except _ClientLeftError:
            fake.cut_short(_request(scope, b""))
            return
        http = _request(scope, body or b"")
        if body is None:
            answer, exchange = fake.too_large(http, BODY_BYTES_MAX)
        else:
            answer, exchange = fake.respond(http)
        # Set before the last byte leaves: whoever has read the answer finds it in the journal.
        exchange.outcome = "complete"
        exchange.sent_bytes = await deliver(
            answer,
            send,
            scope.get("extensions", NOTHING).get(CONNECTION),
            date=self._http_date(),
            head_only=http.method == "HEAD",
        )
        exchange.ended_s = fake.clock.now()

    def _http_date(self) -> str:
        second = int(self._fake.clock.wall())
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]


def _request(scope: Mapping[str, Any], body: bytes) -> HttpRequest:
    query = scope["query_string"]
    return HttpRequest(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {},
        headers=_headers(tuple(scope["headers"])),
        body=body,
    )


@lru_cache(maxsize=HEADERS_REMEMBERED_MAX)
def _headers(raw: tuple[tuple[bytes, bytes], ...]) -> RequestHeaders:
    """Clients send the same ones again and again, and the journal keeps them: so they are read,
    and kept, once."""
    return RequestHeaders((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)


class _ClientLeftError(Exception):
    """The connection was closed before the request had come to its end."""


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None when it is too long."""
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= DRAINED_BYTES_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientLeftError
        chunk: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= BODY_BYTES_MAX:
            parts.append(chunk)
        else:
            parts.clear()
    return b"".join(parts) if size <= BODY_BYTES_MAX else None


async def _refuse(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        return
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})
