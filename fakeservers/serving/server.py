"""Sockets and the thread that serves them. The only place that opens either.

A ServerThread runs an event loop; a Listener is one bound socket with a fake behind it. Sockets
are bound before anything runs, so that an address is known, and a wrong port is refused, at once.
"""

import asyncio
import contextlib
import math
import socket
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from ..errors import StartError
from .protocol import Protocols
from .service import Service

__all__ = ["Listener", "ServerThread", "close_all", "open_all"]

T = TypeVar("T")

BACKLOG = 2048
KEEP_ALIVE_S = 75
START_S_MAX = 10.0
STOP_S_MAX = 5.0


class Listener:
    """One address and the fake that answers there; `bind` gives its socket, which a simulated
    network replaces."""

    def __init__(
        self,
        service: Service,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        bind: Callable[[str, int], Any] | None = None,
    ) -> None:
        self._fake = service.fake
        self._protocols = Protocols(service, keep_alive_s=KEEP_ALIVE_S)
        self._bind = bind or _bind
        self._socket: Any = self._bind(host, port)
        self._server: asyncio.Server | None = None
        self._heeding: asyncio.TimerHandle | None = None
        address = self._socket.getsockname()
        self.host, self.port = str(address[0]), int(address[1])

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def open(self) -> None:
        """Answer from now on, except while the script refuses."""
        await self.heed()

    async def heed(self) -> None:
        """Close or open the port as the script says now, and look again when that may change."""
        if self._heeding is not None:
            self._heeding.cancel()
            self._heeding = None
        refuses, changes_in_s = self._fake.refusal()
        if refuses:
            self._hang_up()
        elif self._server is None:
            await self._listen()
        if changes_in_s != math.inf:
            loop = asyncio.get_running_loop()
            self._heeding = loop.call_later(changes_in_s, self._heed_soon)

    async def close(self) -> None:
        """Refuse from now on: connections are cut, nothing is waited for."""
        if self._heeding is not None:
            self._heeding.cancel()
        self._hang_up()

    def discard(self) -> None:
        """Free the address of a listener that was never opened."""
        if self._socket is not None:
            self._socket.close()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        bound = self._socket or self._bind(self.host, self.port)
        self._server = await loop.create_server(self._protocols, sock=bound, backlog=BACKLOG)
        self._socket = None

    def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.discard()
        self._socket = None
        self._protocols.abort_all()

    def _heed_soon(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self.heed())


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
