"""The network of a simulated world: who listens where, and how a connection comes about.

Programs reach it through the event loop, by the calls that asyncio's own loops have; nothing
here knows HTTP. What is not in here is refused.
"""

import asyncio
import errno
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from .connection import Address, SocketView, VirtualTransport, linked
from .errors import RealNetworkError, SimulationError
from .loop import VirtualLoop

__all__ = ["LOOPBACK", "Network", "NetworkLoop"]

LOOPBACK = "127.0.0.1"
PORTS_FROM = 11_001
CLIENT_PORTS_FROM = 49_152
PORT_MAX = 65_535
HOSTS_REMEMBERED_MAX = 256
REFUSALS_KEPT_MAX = 10_000

ProtocolFactory = Callable[[], asyncio.BaseProtocol]
Refusal = tuple[float, int]
"""When, and at which port."""

Info = tuple[int, int, int, str, tuple[Any, ...]]


class Network:
    """Addresses that answer, and the connections to them.

    rtt_s  seconds of a round trip: a connection takes one, bytes take half of one
    """

    loop: "NetworkLoop"

    def __init__(self, *, rtt_s: float = 0.0) -> None:
        self.rtt_s = rtt_s
        self._listening: dict[Address, VirtualServer] = {}
        self._open: dict[VirtualTransport, None] = {}
        self._next_port = PORTS_FROM
        self._next_client_port = CLIENT_PORTS_FROM
        self._quiet: tuple[int, int] | None = None
        self.refusals: deque[Refusal] = deque(maxlen=REFUSALS_KEPT_MAX)
        """The connections that were refused, of which no fake knows."""

    # --- addresses ---

    def bind(self, host: str, port: int) -> Any:
        """What stands for a bound socket; hand it to `create_server(sock=...)`."""
        if port == 0:
            while (LOOPBACK, self._next_port) in self._listening:
                self._next_port += 1
            port = self._next_port
            self._next_port += 1
        return SocketView(self, (numeric(host), port))

    def check_host(self, host: str) -> None:
        """Raise RealNetworkError for a host that is not of this world: neither this machine, nor
        a name under which something listens."""
        if not (is_loopback(host) or any(at[0] == host for at in self._listening)):
            raise RealNetworkError(
                f"{host} is not in the simulated world, and nothing outside of it is reached. Let "
                f"the program take its base URL from the environment, as the SDKs do, or give the "
                f"client the url of a fake, such as sim.openai.url."
            )

    def serves(self, host: str, port: int) -> bool:
        """Whether something listens there."""
        return (numeric(host), port) in self._listening or ("0.0.0.0", port) in self._listening

    def check_listening(self, port: int) -> None:
        """Raise ConnectionRefusedError when nobody listens at a port of this machine."""
        if (LOOPBACK, port) not in self._listening:
            raise self._refused(LOOPBACK, port)

    def _refused(self, host: str, port: int) -> ConnectionRefusedError:
        self.refusals.append((self.loop.time(), port))
        return ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {(host, port)}")

    def listen(self, server: "VirtualServer") -> None:
        if server.address in self._listening:
            raise OSError(errno.EADDRINUSE, f"Address already in use: {server.address}")
        self._listening[server.address] = server

    def unlisten(self, server: "VirtualServer") -> None:
        if self._listening.get(server.address) is server:
            del self._listening[server.address]

    # --- connections ---

    async def reach(self, host: str, port: int) -> "VirtualServer":
        """What listens there, one round trip later. Raises ConnectionRefusedError, or
        RealNetworkError for an address outside of this world."""
        self.check_host(host)
        await asyncio.sleep(self.rtt_s)
        server = self._listening.get((numeric(host), port))
        server = server or self._listening.get(("0.0.0.0", port))
        if server is None:
            raise self._refused(numeric(host), port)
        return server

    def connect(self, client: asyncio.BaseProtocol, server: "VirtualServer") -> VirtualTransport:
        local = (LOOPBACK, self._next_client_port)
        self._next_client_port += 1
        if self._next_client_port > PORT_MAX:
            self._next_client_port = CLIENT_PORTS_FROM
        ends = linked(self, client, server.protocol(), local, server.address)
        self._open.update(dict.fromkeys(ends))
        return ends[0]

    def forget(self, transport: VirtualTransport) -> None:
        self._open.pop(transport, None)

    # --- files ---

    def quiet_fileno(self) -> int:
        """A file that is never readable, for who asks whether an idle connection is."""
        if self._quiet is None:
            self._quiet = os.pipe()
        return self._quiet[0]

    def close(self) -> None:
        """Nothing of this world answers any more; connections that clients keep are dead."""
        for transport in tuple(self._open):
            transport.die()
        for descriptor in self._quiet or ():
            os.close(descriptor)
        self._quiet = None


class VirtualServer(asyncio.AbstractServer):
    """One address that accepts connections."""

    def __init__(self, network: Network, protocol: ProtocolFactory, view: Any) -> None:
        self.protocol = protocol
        self.sockets = (view,)
        self.address: Address = view.getsockname()
        self._network = network
        self._closed = asyncio.Event()
        network.listen(self)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._network.loop

    def is_serving(self) -> bool:
        return not self._closed.is_set()

    async def start_serving(self) -> None:
        """It serves from the beginning."""

    async def serve_forever(self) -> None:
        try:
            await self._closed.wait()
        finally:
            self.close()

    def close(self) -> None:
        self._network.unlisten(self)
        self._closed.set()

    async def wait_closed(self) -> None:
        await self._closed.wait()


class NetworkLoop(VirtualLoop):
    """A virtual loop whose connections lead into a Network."""

    def __init__(self, network: Network, **options: Any) -> None:
        super().__init__(**options)
        self._network = network
        self.stranger: str | None = None
        """What the first thread was told that is not of this world, whoever swallowed it."""
        # Real sockets that the program made itself, and what they were connected to.
        self._reached: dict[socket.socket, VirtualServer] = {}
        network.loop = self

    def serves(self, host: str, port: int) -> bool:
        """Whether something in the world listens there."""
        return self._network.serves(host, port)

    async def getaddrinfo(  # type: ignore[override]
        self, host: Any, port: Any, **wanted: int
    ) -> list[Info]:
        return self.addresses(host, port)

    def addresses(self, host: Any, port: Any) -> list[Info]:
        """What `getaddrinfo` answers: one address. Raises RealNetworkError for other names."""
        host = host.decode("ascii") if isinstance(host, bytes) else host or LOOPBACK
        kind = socket.SOCK_STREAM, socket.IPPROTO_TCP
        self._network.check_host(host)
        return [(socket.AF_INET, *kind, "", (numeric(host), int(port or 0)))]

    async def create_connection(  # type: ignore[override]
        self,
        protocol_factory: ProtocolFactory,
        host: str | None = None,
        port: int | None = None,
        *,
        ssl: Any = None,
        sock: Any = None,
        **options: Any,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        if sock is not None:
            if (server := self._reached.pop(sock, None)) is None:
                self._refuse()
            # Nothing goes through it; its descriptor would only be kept from others.
            sock.close()
        else:
            server = await self._network.reach(host or LOOPBACK, port or 0)
        if ssl:
            raise SimulationError("There is no TLS in a simulated world: use an http:// address.")
        protocol = protocol_factory()
        return self._network.connect(protocol, server), protocol

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """What aiohttp does first, before it hands the socket to `create_connection`."""
        self._reached[sock] = await self._network.reach(str(address[0]), int(address[1]))

    async def create_server(  # type: ignore[override]
        self,
        protocol_factory: ProtocolFactory,
        host: str | Iterable[str] | None = None,
        port: int | None = None,
        *,
        sock: Any = None,
        ssl: Any = None,
        **options: Any,
    ) -> VirtualServer:
        if ssl:
            raise SimulationError("There is no TLS in a simulated world: serve http:// in it.")
        if sock is None:
            hosts = [host] if isinstance(host, str) else list(host or ["0.0.0.0"])
            sock = self._network.bind(hosts[0], port or 0)
        elif not isinstance(sock, SocketView):
            sock = self._network.bind(*sock.getsockname()[:2])
        return VirtualServer(self._network, protocol_factory, sock)


def numeric(host: str) -> str:
    """The one address of this machine for all its names; others as they are."""
    return LOOPBACK if is_loopback(host) else host


@lru_cache(maxsize=HOSTS_REMEMBERED_MAX)
def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
