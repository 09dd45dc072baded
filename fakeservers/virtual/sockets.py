"""Blocking sockets over the network of a simulated world, for synchronous SDKs and `requests`.

Only TCP connections that a program of the world opens are touched; everything else that a
socket can do is the real socket's.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .blocking import Blocking
from .connection import VirtualTransport
from .errors import SimulationError
from .network import NetworkLoop
from .pinned import replaced

__all__ = ["blocking_sockets"]

STRANGER = (
    "Thread {name} calls a fake of a simulated world, but the world's clock knows only threads of "
    "its event loop. Start the work by asyncio.to_thread or loop.run_in_executor, or let the "
    "program run against FakeServers, in real time."
)


@contextmanager
def blocking_sockets(loop: NetworkLoop, blocking: Blocking) -> Iterator[None]:
    """Have the sockets that the program opens from now on connect within the world."""
    real_getaddrinfo = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if blocking.concerns_me():
            return loop.addresses(host, port)
        return real_getaddrinfo(host, port, *args, **options)

    class WorldSocket(VirtualSocket):
        _loop, _blocking = loop, blocking

    with replaced(socket, "socket", WorldSocket), replaced(socket, "getaddrinfo", getaddrinfo):
        yield


class _Inbox(asyncio.Protocol):
    """Keeps what arrives until it is read."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.problem: BaseException | None = None
        self.ended = False
        self.changed = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        self.data += data
        self.changed.set()

    def eof_received(self) -> bool:
        self.ended = True
        self.changed.set()
        return True

    def connection_lost(self, reason: BaseException | None) -> None:
        self.ended, self.problem = True, reason
        self.changed.set()
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()


class VirtualSocket(socket.socket):
    """A socket that, once connected over TCP from within the world, is the world's."""

    _loop: NetworkLoop
    _blocking: Blocking
    _transport: VirtualTransport | None = None
    _inbox: _Inbox

    def connect(self, address: Any, /) -> None:
        if self.type != socket.SOCK_STREAM or self.family not in (socket.AF_INET, socket.AF_INET6):
            return super().connect(address)
        host, port = str(address[0]), int(address[1])
        if not self._blocking.concerns_me():
            if self._loop.serves(host, port):
                self.close()
                told = STRANGER.format(name=threading.current_thread().name)
                self._loop.stranger = self._loop.stranger or told
                raise SimulationError(told)
            return super().connect(address)
        try:
            transport, inbox = self._wait(lambda: self._loop.create_connection(_Inbox, host, port))
        except SimulationError:
            # Callers close a socket after an OSError only.
            self.close()
            raise
        assert isinstance(transport, VirtualTransport) and isinstance(inbox, _Inbox)
        self._transport, self._inbox = transport, inbox

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        if self._transport is None:
            return super().recv(size, flags)
        inbox = self._inbox
        if not inbox.data and not inbox.ended:
            inbox.changed.clear()
            self._wait(inbox.changed.wait)
        data = bytes(inbox.data[:size])
        if not data and inbox.problem is not None:
            raise inbox.problem
        if not flags & socket.MSG_PEEK:
            del inbox.data[:size]
        return data

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        if self._transport is None:
            return super().recv_into(buffer, size, flags)
        data = self.recv(size or len(buffer), flags)
        memoryview(buffer).cast("B")[: len(data)] = data
        return len(data)

    def send(self, data: Any, flags: int = 0, /) -> int:
        if self._transport is None:
            return super().send(data, flags)
        if self._inbox.ended and self._transport.is_closing():
            raise self._inbox.problem or BrokenPipeError(32, "Broken pipe")
        self._transport.write(data)
        if not self._inbox.writable.is_set():
            self._wait(self._inbox.writable.wait)
        return memoryview(data).nbytes

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        self.send(data, flags)

    def shutdown(self, how: int, /) -> None:
        if self._transport is None:
            super().shutdown(how)
        elif how != socket.SHUT_RD:
            self._transport.write_eof()

    def fileno(self) -> int:
        if self._transport is None:
            return super().fileno()
        if self._inbox.data or self._inbox.ended:
            return -1
        return int(self._view().fileno())

    def getsockname(self) -> Any:
        return super().getsockname() if self._transport is None else self._view().getsockname()

    def getpeername(self) -> Any:
        return super().getpeername() if self._transport is None else self._view().getpeername()

    def close(self) -> None:
        if self._transport is not None and not getattr(self, "_io_refs", 0):
            self._transport.close()
        super().close()

    def _view(self) -> Any:
        assert self._transport is not None
        return self._transport.get_extra_info("socket")

    def _wait(self, what: Callable[[], Any]) -> Any:
        """Wait as long as the socket's timeout allows. Raises TimeoutError."""
        timeout_s = self.gettimeout()

        async def within() -> Any:
            async with asyncio.timeout(timeout_s):
                return await what()

        try:
            return self._blocking.wait(within())
        except TimeoutError:
            raise TimeoutError("timed out") from None
