"""One call to a fake without any client: for programs that make calls by the hundred thousand.

The network's round-trip time and troubles apply as to a connection that is kept alive; pools,
redirects and retries are a client's and are not here.
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import partial
from types import coroutine
from typing import Any

import orjson

from ..serving.connection import BrokenOffError
from .network import Network

__all__ = ["Answered", "post"]

Message = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]

CREDENTIALS = (
    (b"authorization", b"Bearer simulated"),
    (b"x-api-key", b"simulated"),
    (b"x-goog-api-key", b"simulated"),
    (b"anthropic-version", b"2023-06-01"),
    (b"content-type", b"application/json"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An HTTP answer."""

    status: int
    raw_headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name."""
        decoded = ((k.decode("latin-1"), v.decode("latin-1")) for k, v in self.raw_headers)
        return {name.lower(): value for name, value in decoded}

    def json(self) -> Any:
        return orjson.loads(self.body)


async def post(
    app: App,
    network: Network,
    port: int,
    path: str,
    body: Any,
    headers: Mapping[str, str],
    timeout_s: float | None,
) -> Answered:
    """Post `body` as JSON and return the whole answer.

    Raises ConnectionRefusedError, ConnectionResetError (also when an answer breaks off) and
    TimeoutError.
    """
    given = tuple((k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items())
    exchange = _Exchange(orjson.dumps(body))
    scope = _scope(path, port, (*CREDENTIALS, *given) if given else CREDENTIALS)
    call = _call(app, network, port, scope, exchange)
    if timeout_s is None:
        await call
        return exchange.answered()
    # Most calls never wait: for them a timer would cost as much as a third of the answer.
    try:
        waits_for = call.send(None)
    except StopIteration:
        return exchange.answered()
    async with asyncio.timeout(timeout_s):
        await _go_on(call, waits_for)
    return exchange.answered()


@coroutine
def _go_on(call: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that has been run up to its first wait."""
    while True:
        try:
            value = yield waits_for
        except BaseException as problem:
            step = partial(call.throw, problem)
        else:
            step = partial(call.send, value)
        try:
            waits_for = step()
        except StopIteration:
            return


async def _call(
    app: App, network: Network, port: int, scope: Message, exchange: "_Exchange"
) -> None:
    troubles = network.troubles
    if troubles:
        await troubles.silence_over(port)
    if network.refuses(port):
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"Port {port} refuses")
    if way_s := network.way_s(port):
        await asyncio.sleep(way_s)
    try:
        await app(scope, exchange.receive, exchange.send)
    except BrokenOffError:
        raise _reset() from None
    if troubles:
        await troubles.silence_over(port)
    if way_s := network.way_s(port):
        await asyncio.sleep(way_s)


class _Exchange:
    """What an application receives and sends."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._start: Message = {}
        self._parts: list[bytes] = []
        self._whole = False

    async def receive(self) -> Message:
        if self._body is None:
            await asyncio.get_running_loop().create_future()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._parts.append(message.get("body", b""))
            self._whole = not message.get("more_body", False)

    def answered(self) -> Answered:
        if not self._whole:
            raise _reset()
        return Answered(
            status=self._start["status"],
            raw_headers=tuple(self._start["headers"]),
            body=b"".join(self._parts),
        )


def _scope(path: str, port: int, headers: tuple[tuple[bytes, bytes], ...]) -> Message:
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": query.encode("latin-1"),
        "headers": headers,
        "server": ("127.0.0.1", port),
    }


def _reset() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
