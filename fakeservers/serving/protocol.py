"""HTTP/1.1 on a connection: uvicorn's protocol, whose requests go to the fake itself.

uvicorn reads bytes, keeps count of connections and holds back a writer that is too quick. In
place of its ASGI cycle stands a direct one: an answer that waits for nothing is written within
the call that brought the request's last byte, without a task or a message in between. A head that
came before is not parsed again.
"""

import asyncio
import logging
import re
from collections import deque
from functools import cache
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from ..wire.base import HttpRequest
from . import receiving
from .connection import Http1Connection, abort
from .elsewhere import Running
from .service import Service

__all__ = ["FakeProtocol", "Protocols"]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

PIPELINED_MAX = 16
"""Requests read ahead on a connection; then nothing more is read until one is answered."""

H2C = re.compile(rb"(?i)(\r\n)upgrade:([^\r\n]*h2c)")
"""An offer to go on with HTTP/2. It may be ignored, but the parser would end at it."""

log = logging.getLogger("llmsim")


class FakeProtocol(HttpToolsProtocol):
    """One client's connection to one fake."""

    def __init__(
        self, service: Service, heads: receiving.Heads, *, keep_alive_s: float, **options: Any
    ) -> None:
        super().__init__(**options)
        self._service = service
        self._heads = heads
        self._piece: bytes | None = None
        self._keep_alive_s = keep_alive_s
        self._idle_since_s = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._delivering: asyncio.Task[None] | None = None
        self._queue: deque[tuple[HttpRequest, str, bool, bool]] = deque()
        self._receiving = False
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._answered = 0

    # --- the connection ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._idle_since_s = self.loop.time()
        self._idle_timer = self.loop.call_later(self._keep_alive_s, self._if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        if self._receiving:
            self._service.fake.cut_short(self._request(b""))
        if self._delivering is not None:
            self._delivering.cancel()
        self._queue.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._receiving or self._delivering is not None or self.transport.is_closing():
            super().data_received(data)
        elif (http := self._heads.request(data)) is not None:
            self._answer(http, "1.1", keeps_alive=True, too_large=False)
        else:
            if b"h2c" in data:
                data = H2C.sub(rb"\1x-upgrade:\2", data, count=1)
            self._piece = data
            super().data_received(data)
            self._piece = None

    def _if_idle(self) -> None:
        """Close the connection if it has been idle for long enough, else look again later."""
        left_s = self._idle_since_s + self._keep_alive_s - self.loop.time()
        if self._receiving or self._delivering is not None:
            left_s = self._keep_alive_s
        if left_s <= 0:
            self._idle_timer = None
            self.transport.close()
        else:
            self._idle_timer = self.loop.call_later(left_s, self._if_idle)

    # --- the parser's calls ---

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._receiving = True
        self._body = []
        self._body_bytes = 0

    def on_headers_complete(self) -> None:
        if self.expect_100_continue and self._delivering is None:
            self.transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes <= receiving.BODY_BYTES_MAX:
            self._body.append(body)
            return
        self._body.clear()
        if self._body_bytes > receiving.DRAINED_BYTES_MAX:
            self._receiving = False
            self._answer(self._request(b""), "1.1", keeps_alive=False, too_large=True)

    def on_message_complete(self) -> None:
        if not self._receiving or self.transport.is_closing():
            return
        self._receiving = False
        body = self._body
        http = self._request(body[0] if len(body) == 1 else b"".join(body))
        version = self.parser.get_http_version()
        keeps_alive = version != "1.0" and self.parser.should_keep_alive()
        if self._piece is not None and keeps_alive:
            self._heads.learn(self._piece, http)
        too_large = self._body_bytes > receiving.BODY_BYTES_MAX
        if self._delivering is None and not self._queue:
            self._answer(http, version, keeps_alive, too_large)
            return
        self._queue.append((http, version, keeps_alive, too_large))
        if len(self._queue) >= PIPELINED_MAX:
            self.flow.pause_reading()

    # --- answers ---

    def _request(self, body: bytes) -> HttpRequest:
        path, query = receiving.read_url(self.url)
        return HttpRequest(
            method=self.parser.get_method().decode("ascii"),
            path=path,
            query=query,
            headers=receiving.read_headers(tuple(self.headers)),
            body=body,
        )

    def _answer(self, http: HttpRequest, version: str, keeps_alive: bool, too_large: bool) -> None:
        connection = Http1Connection(
            self.transport,
            self.flow,
            keeps_alive=keeps_alive,
            version=version,
            head_only=http.method == "HEAD",
        )
        self._answered += 1
        delivery = self._service.answer(http, connection, too_large=too_large)
        if delivery is None:
            self._done(last=not keeps_alive)
            return
        limit = delivery.closes_after_requests
        last = not keeps_alive or (limit is not None and self._answered >= limit)
        self._delivering = self.loop.create_task(self._run(delivery, last))
        self._delivering.add_done_callback(delivery.done)

    async def _run(self, delivery: Running, last: bool) -> None:
        try:
            await delivery.run()
        except Exception as problem:
            log.error("an answer broke off: %r", problem, exc_info=problem)
            abort(self.transport)
        finally:
            self._delivering = None
        self._done(last)

    def _done(self, last: bool) -> None:
        """Go on with the next request, or wait for one."""
        self.server_state.total_requests += 1
        self._idle_since_s = self.loop.time()
        if last and not self.transport.is_closing():
            self.transport.close()
        while self._queue and self._delivering is None and not self.transport.is_closing():
            self._answer(*self._queue.popleft())
        if len(self._queue) < PIPELINED_MAX:
            self.flow.resume_reading()


class Protocols:
    """Makes the protocol of every connection to one fake, and knows those that are open."""

    def __init__(self, service: Service, *, keep_alive_s: float) -> None:
        self._service = service
        self._heads = receiving.Heads()
        self._keep_alive_s = keep_alive_s
        self._state = ServerState()

    def __call__(self) -> FakeProtocol:
        return FakeProtocol(
            self._service,
            self._heads,
            keep_alive_s=self._keep_alive_s,
            config=_config(),
            server_state=self._state,
            app_state={},
            _loop=asyncio.get_running_loop(),
        )

    def abort_all(self) -> None:
        """Cut every open connection."""
        for connection in tuple(self._state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()


@cache
def _config() -> uvicorn.Config:
    """uvicorn's settings, the same for every connection. Its application is never called."""
    config = uvicorn.Config(
        _nothing,
        log_config=None,
        loop="none",
        lifespan="off",
        ws="none",
        proxy_headers=False,
    )
    config.load()
    return config


async def _nothing(scope: object, receive: object, send: object) -> None:
    """The application that uvicorn asks for; requests go to the fake itself."""
