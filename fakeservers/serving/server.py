"""Sockets and the thread that serves them. The only place that opens either.

A ServerThread runs an event loop; a Listener is one bound socket with an application behind
it, served by uvicorn's HTTP protocol. Sockets are bound before anything runs, so that an
address is known, and a wrong port is refused, at once.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from ..errors import StartError
from .app import CONNECTION

__all__ = ["Listener", "ServerThread", "close_all", "open_all"]

T = TypeVar("T")

BACKLOG = 2048
KEEP_ALIVE_S = 75
START_S_MAX = 10.0
STOP_S_MAX = 5.0


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol with three changes: no access log, which would print keys in queries;
    the connection itself in the scope of every request of HTTP/1.1; and one timer a connection
    for idleness, where uvicorn makes and cancels one for every request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False
        self._idle_since_s = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since_s = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._if_idle)

    def _if_idle(self) -> None:
        """Close the connection if it has been idle for long enough, else look again later."""
        left_s = self._idle_since_s + self.timeout_keep_alive - self.loop.time()
        if self.cycle is None or not self.cycle.response_complete:
            left_s = self.timeout_keep_alive
        if left_s <= 0:
            self._idle_timer = None
            self.transport.close()
        else:
            self._idle_timer = self.loop.call_later(left_s, self._if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.scope["http_version"] == "1.1":
            self.scope["extensions"] = {CONNECTION: _Connection(self.cycle)}  # type: ignore[dict-item]


class _Connection:
    """The connection of one request. Does what the `send` of uvicorn's cycle does, with bytes in
    place of messages: half the writes, and any bytes at all."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    @property
    def keeps_alive(self) -> bool:
        return self._cycle.keep_alive

    def write(self, data: bytes, *, last: bool = False) -> None:
        cycle = self._cycle
        cycle.response_started = True
        if not cycle.disconnected:
            cycle.transport.write(data)
        if last:
            cycle.response_complete = True
            cycle.message_event.set()
            if not cycle.keep_alive:
                cycle.transport.close()
            cycle.on_response()

    async def drained(self) -> None:
        cycle = self._cycle
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()


class Listener:
    """One loopback address and the ASGI application that answers there; `bind` gives its socket,
    which a simulated network replaces."""

    def __init__(
        self,
        app: Callable[..., Any],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        bind: Callable[[str, int], Any] | None = None,
    ) -> None:
        self._app = app
        self._socket = (bind or _bind)(host, port)
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        address = self._socket.getsockname()
        self.host, self.port = str(address[0]), int(address[1])

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def open(self) -> None:
        """Answer from now on."""
        loop = asyncio.get_running_loop()
        config = uvicorn.Config(
            self._app,
            log_config=None,
            loop="none",
            lifespan="off",
            ws="none",
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        config.load()

        def protocol() -> _Protocol:
            return _Protocol(config=config, server_state=self._state, app_state={}, _loop=loop)

        self._server = await loop.create_server(protocol, sock=self._socket, backlog=BACKLOG)

    async def close(self) -> None:
        """Refuse from now on: connections are cut, nothing is waited for."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        for task in tuple(self._state.tasks):
            task.cancel()

    def discard(self) -> None:
        """Free the address of a listener that was never opened."""
        self._socket.close()


class ServerThread:
    """A daemon thread with an event loop of its own; uvloop's where there is one."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is not None:
            return
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(started,), name="llmsim", daemon=True
        )
        self._thread.start()
        if not started.wait(START_S_MAX):
            raise StartError(f"The server thread did not start within {START_S_MAX:g} s.")

    def stop(self) -> None:
        """End the loop and wait for the thread, which has nothing left to wait for."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_S_MAX)
        self._thread = self._loop = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the thread and return its result."""
        if self._loop is None:
            work.close()
            raise StartError("The server thread is not running: call start() first.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_S_MAX)

    def _run(self, started: threading.Event) -> None:
        loop = _new_loop()
        asyncio.set_event_loop(loop)
        self._loop = loop
        loop.call_soon(started.set)
        try:
            loop.run_forever()
        finally:
            with contextlib.suppress(Exception):
                _cancel_all(loop)
                loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


async def open_all(listeners: Sequence[Listener]) -> None:
    for listener in listeners:
        await listener.open()


async def close_all(listeners: Sequence[Listener]) -> None:
    for listener in listeners:
        await listener.close()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # uvloop does not exist for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol number makes asyncio set TCP_NODELAY; without it a call takes 40 ms longer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.setblocking(False)
    except (OSError, OverflowError) as problem:
        bound.close()
        raise StartError(
            f"Cannot listen on {host}:{port}: {problem}. "
            f"Use port 0 for a free one, and a host of this machine, such as 127.0.0.1."
        ) from problem
    return bound
