"""One TCP connection without a socket: two transports that hand each other bytes.

It behaves as asyncio's socket transport does over a kernel: bytes travel half a round trip,
buffers fill and pause the writer, a reset arrives after what was sent before it, and
`close` after SO_LINGER of 0 is a reset. Who may connect to whom is `network`'s.
"""

import asyncio
import errno
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Address", "SocketView", "VirtualTransport", "linked"]

Address = tuple[str, int]

KERNEL_BYTES_MAX = 128 * 1024
"""What the two kernels would hold; the writer's own buffer comes on top."""

WRITE_BYTES_MAX = 64 * 1024
READ_BYTES_MAX = 256 * 1024
LINGER = struct.Struct("ii")


class SocketView:
    """What `get_extra_info("socket")` shows: addresses, options, and a file number that is
    readable only when the connection is."""

    family, type, proto = socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP

    def __init__(
        self,
        network: "Network",
        local: Address,
        remote: Address | None = None,
        readable: Callable[[], bool] = lambda: False,
    ) -> None:
        self._network = network
        self._local = local
        self._remote = remote
        self._readable = readable
        self.lingers = True

    def fileno(self) -> int:
        # Clients ask whether an idle connection is readable, and take -1 for yes.
        return -1 if self._readable() else self._network.quiet_fileno()

    def getsockname(self) -> Address:
        return self._local

    def getpeername(self) -> Address:
        if self._remote is None:
            raise OSError(errno.ENOTCONN, "Not connected")
        return self._remote

    def setsockopt(self, level: int, name: int, value: Any, *length: int) -> None:
        if (level, name) == (socket.SOL_SOCKET, socket.SO_LINGER):
            on, seconds = LINGER.unpack(value)
            self.lingers = not (on and seconds == 0)

    def getsockopt(self, *which: int) -> int:
        return 0

    def setblocking(self, flag: bool) -> None:
        """Nothing here ever blocks."""

    def gettimeout(self) -> float:
        return 0.0

    def close(self) -> None:
        """The transport closes the connection."""


class VirtualTransport(asyncio.Transport):
    """One end of a connection."""

    peer: "VirtualTransport"

    def __init__(
        self,
        network: "Network",
        protocol: asyncio.BaseProtocol,
        local: Address,
        remote: Address,
    ) -> None:
        self._view = SocketView(network, local, remote, lambda: self.readable)
        super().__init__({"socket": self._view, "sockname": local, "peername": remote})
        self._network = network
        self._loop = network.loop
        self.set_protocol(protocol)
        self._inbox: list[bytes] = []
        self._ended: Exception | None = None  # comes after the inbox: EOFError, or a reset
        self._end_told = False
        self._under_way: deque[tuple[Callable[[Any], None], Any]] = deque()
        self._unread_bytes = 0  # written here, and not yet read there
        self._high, self._low = WRITE_BYTES_MAX, WRITE_BYTES_MAX // 4
        self._closing = self._lost = self._eof_sent = self._pumping = False
        self._reading_paused = self._writing_paused = False

    # --- writing ---

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or self._eof_sent or not data:
            return
        if isinstance(self._ended, ConnectionResetError):
            self._loop.call_soon(self._lose, self._ended)
            return
        data = bytes(data)
        self._unread_bytes += len(data)
        self._send(self.peer._receive, data)
        if not self._writing_paused and self._unread_bytes > KERNEL_BYTES_MAX + self._high:
            self._writing_paused = True
            self._protocol.pause_writing()

    def writelines(self, parts: Any) -> None:
        self.write(b"".join(parts))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not self._eof_sent:
            self._eof_sent = True
            self._send(self.peer._end, EOFError())

    def close(self) -> None:
        """Send an end after what was written; a reset where SO_LINGER is 0."""
        if self._closing:
            return
        self._closing = True
        if self._view.lingers:
            self.write_eof()
        else:
            self._send(self.peer._end, _reset())
        self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return max(0, self._unread_bytes - KERNEL_BYTES_MAX)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = high if high is not None else (4 * low if low else WRITE_BYTES_MAX)
        self._low = low if low is not None else self._high // 4

    def _send(self, arrive: Callable[[Any], None], what: Any) -> None:
        """Have it arrive half a round trip later."""
        if not (self._network.rtt_s or self._under_way):
            arrive(what)
            return
        self._under_way.append((arrive, what))
        self._loop.call_later(self._network.rtt_s / 2, self._arrive)

    def _arrive(self) -> None:
        # Whichever timer fires first, what was sent first has arrived.
        arrive, what = self._under_way.popleft()
        arrive(what)

    # --- reading ---

    @property
    def readable(self) -> bool:
        """Whether a read from the socket would return at once."""
        return bool(self._inbox) or self._ended is not None or self._lost

    def pause_reading(self) -> None:
        self._reading_paused = True

    def resume_reading(self) -> None:
        self._reading_paused = False
        self._wake()

    def is_reading(self) -> bool:
        return not self._reading_paused and not self._closing

    def _receive(self, data: bytes) -> None:
        if self._lost:
            # Nobody reads here any more: a kernel answers with a reset.
            self._send(self.peer._end, _reset())
            return
        self._inbox.append(data)
        self._wake()

    def _end(self, end: Exception) -> None:
        if self._ended is None or isinstance(self._ended, EOFError):
            self._ended, self._end_told = end, False
            self._wake()

    def _wake(self) -> None:
        if not self._pumping and (self._inbox or self._ended is not None):
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """Hand over what has arrived, joined as one read from a socket would join it."""
        self._pumping = False
        if self._closing or self._reading_paused:
            return
        if self._inbox:
            self._hand_over(b"".join(self._inbox))
            self._wake()
        elif self._ended is not None and not self._end_told:
            self._end_told = True
            if not isinstance(self._ended, EOFError):
                self._lose(self._ended)
            elif not self._protocol.eof_received():
                self.close()

    def _hand_over(self, data: bytes) -> None:
        read, more = data[:READ_BYTES_MAX], data[READ_BYTES_MAX:]
        self._inbox = [more] if more else []
        self._protocol.data_received(read)
        self.peer._was_read(len(read))

    def _was_read(self, size: int) -> None:
        self._unread_bytes -= size
        low = KERNEL_BYTES_MAX + self._low
        if self._writing_paused and not self._lost and self._unread_bytes <= low:
            self._writing_paused = False
            self._protocol.resume_writing()

    # --- its end, and its protocol ---

    def _lose(self, reason: Exception | None) -> None:
        if not self._lost:
            self._lost = self._closing = True
            self._network.forget(self)
            self._protocol.connection_lost(reason)

    def die(self) -> None:
        """The world has ended: whoever still holds this finds it closed."""
        self._lost = self._closing = True

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol: Any = protocol


def linked(
    network: "Network",
    client: asyncio.BaseProtocol,
    server: asyncio.BaseProtocol,
    local: Address,
    remote: Address,
) -> tuple[VirtualTransport, VirtualTransport]:
    """Connect two protocols; the end of the client and the end of the server."""
    here = VirtualTransport(network, client, local, remote)
    there = VirtualTransport(network, server, remote, local)
    here.peer, there.peer = there, here
    server.connection_made(there)
    client.connection_made(here)
    return here, there


def _reset() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
