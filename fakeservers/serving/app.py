"""The ASGI application of one fake: reads a request, has it answered, delivers the answer.

For servers and transports other than this package's own, which speaks to the fake directly.
Plain ASGI, no framework's request and response objects: they cost more than all the rest.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from ..wire.base import HttpRequest
from . import receiving
from .connection import MessageConnection, Send
from .receiving import read_headers, read_query
from .service import Service

__all__ = ["App"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class App:
    """ASGI 3 application. A `lifespan` is accepted, a web socket refused."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _refuse(scope, receive, send)
            return
        try:
            body = await _read(receive)
        except _ClientLeftError:
            self._service.fake.cut_short(_request(scope, b""))
            return
        http = _request(scope, body or b"")
        connection = MessageConnection(send, head_only=http.method == "HEAD")
        delivery = self._service.answer(http, connection, too_large=body is None)
        if delivery is not None:
            try:
                await delivery.run()
            finally:
                delivery.done()
        await connection.drained()


def _request(scope: Mapping[str, Any], body: bytes) -> HttpRequest:
    return HttpRequest(
        method=scope["method"],
        path=scope["path"],
        query=read_query(scope["query_string"]),
        headers=read_headers(tuple(scope["headers"])),
        body=body,
    )


class _ClientLeftError(Exception):
    """The connection was closed before the request had come to its end."""


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None when it is too long."""
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= receiving.DRAINED_BYTES_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientLeftError
        chunk: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= receiving.BODY_BYTES_MAX:
            parts.append(chunk)
        else:
            parts.clear()
    return b"".join(parts) if size <= receiving.BODY_BYTES_MAX else None


async def _refuse(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        return
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})
