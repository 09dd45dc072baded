"""A transport for httpx and httpx2 that calls the fakes in memory, and streams.

    client = httpx2.AsyncClient(transport=sim.transport())
    AsyncOpenAI(http_client=client)

Faster than the network in memory, for thousands of calls; without its bytes. httpx enforces
timeouts in the layer below its transports, so connect, read and pool timeouts are kept here.
Unlike httpx's own ASGITransport it hands over every part of an answer when it is sent.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal

from ..serving.breaking import Ending
from ..serving.http1 import fields
from ..serving.receiving import read_headers, read_url
from ..serving.service import Service
from ..wire.base import HttpRequest
from .calls import Call, Head, Part
from .network import Network

__all__ = ["Flavour", "InMemoryTransport", "in_memory_transport"]

Flavour = Literal["httpx", "httpx2"]

NO_ANSWER = "Server disconnected without sending a response."
CUT_OFF = "peer closed connection without sending complete message body (incomplete chunked read)"
RESET = "Connection reset by peer"


def in_memory_transport(
    services: Mapping[int, Service],
    network: Network,
    *,
    flavour: Flavour = "httpx2",
    connections_max: int | None = None,
) -> Any:
    """A transport for the AsyncClient of httpx or httpx2.

    services         the fakes by the port at which they are addressed
    network          its round-trip time and its open ports apply
    connections_max  requests at the same time; more wait, up to the client's pool timeout
    """
    return _classes(flavour)(services, network, connections_max)


class InMemoryTransport:
    """What both flavours have in common."""

    module: Any
    body: Any

    def __init__(
        self, services: Mapping[int, Service], network: Network, connections_max: int | None
    ) -> None:
        self._services = services
        self._network = network
        self._pool = asyncio.Semaphore(connections_max) if connections_max else None
        self._idle: dict[int, int] = {}
        self._open: set[Call] = set()

    async def handle_async_request(self, request: Any) -> Any:
        timeouts = request.extensions.get("timeout", {})
        if self._pool is not None:
            async with _limited(timeouts.get("pool"), self.module.PoolTimeout, request):
                await self._pool.acquire()
        try:
            return await self._answer(request, timeouts)
        except BaseException:
            self._free()
            raise

    async def aclose(self) -> None:
        for call in tuple(self._open):
            call.leave()

    async def _answer(self, request: Any, timeouts: Mapping[str, float | None]) -> Any:
        port = request.url.port or 80
        service = await self._connect(request, port, timeouts.get("connect"))
        path, query = read_url(request.url.raw_path)
        http = HttpRequest(
            method=request.method,
            path=path,
            query=query,
            headers=read_headers(tuple(request.headers.raw)),
            body=await request.aread(),
        )
        call = Call(service, self._network, http)
        self._open.add(call)
        call.ask()

        async def hear() -> Part:
            # Mostly the whole answer is there at once, and needs no timer.
            if not call.silent:
                return await call.hear()
            async with _limited(timeouts.get("read"), self.module.ReadTimeout, request):
                return await call.hear()

        def end(*, whole: bool) -> None:
            call.leave()
            self._open.discard(call)
            if whole:
                self._idle[port] = self._idle.get(port, 0) + 1
            self._free()

        try:
            head = await hear()
            if not isinstance(head, Head):
                raise self._broken(head, NO_ANSWER, request)
        except BaseException:
            call.leave()
            self._open.discard(call)
            raise
        return self.module.Response(
            head.status,
            headers=fields(head.headers),
            stream=self.body(hear, end, lambda part: self._broken(part, CUT_OFF, request)),
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def _connect(self, request: Any, port: int, timeout_s: float | None) -> Service:
        """The fake there, at once over an idle connection, else one round trip later."""
        if idle := self._idle.get(port, 0):
            self._idle[port] = idle - 1
        elif takes_s := self._network.rtt_s:
            async with _limited(timeout_s, self.module.ConnectTimeout, request):
                await asyncio.sleep(takes_s)
        try:
            self._network.check_host(request.url.host)
            self._network.check_listening(port)
        except ConnectionRefusedError as refused:
            raise self.module.ConnectError(str(refused), request=request) from refused
        return self._services[port]

    def _broken(self, end: Part, text: str, request: Any) -> Exception:
        """What a client sees of an answer that ended early."""
        problem: Exception
        if end is Ending.RESET:
            problem = self.module.ReadError(RESET, request=request)
        else:
            problem = self.module.RemoteProtocolError(text, request=request)
        return problem

    def _free(self) -> None:
        if self._pool is not None:
            self._pool.release()


class _Body:
    """The body of an answer, part by part."""

    def __init__(
        self,
        hear: Callable[[], Awaitable[Part]],
        end: Callable[..., None],
        broken: Callable[[Part], Exception],
    ) -> None:
        self._hear = hear
        self._end: Callable[..., None] | None = end
        self._broken = broken

    async def __aiter__(self) -> AsyncIterator[bytes]:
        part: Part | None = None
        try:
            while isinstance(part := await self._hear(), bytes):
                yield part
            if part is not Ending.FINISH:
                raise self._broken(part)
        finally:
            self._close(whole=part is Ending.FINISH)

    async def aclose(self) -> None:
        self._close(whole=False)

    def _close(self, *, whole: bool) -> None:
        if self._end is not None:
            end, self._end = self._end, None
            end(whole=whole)


@asynccontextmanager
async def _limited(
    timeout_s: float | None, problem: type[Exception], request: Any
) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError:
        raise problem("timed out", request=request) from None  # type: ignore[call-arg]


@lru_cache(maxsize=2)
def _classes(flavour: Flavour) -> type[InMemoryTransport]:
    """The transport on the base classes of httpx or httpx2, which check them."""
    module = import_module(flavour)
    body = type("Body", (_Body, module.AsyncByteStream), {})
    bases = (InMemoryTransport, module.AsyncBaseTransport)
    return type("InMemoryTransport", bases, {"module": module, "body": body})
