"""A transport for httpx and httpx2 that calls ASGI applications in memory, and streams.

    client = httpx2.AsyncClient(transport=sim.transport())
    AsyncOpenAI(http_client=client)

Faster than the network in memory, for thousands of calls; without its bytes. httpx enforces
timeouts in the layer below its transports, so connect, read and pool timeouts are kept here.
Unlike httpx's own ASGITransport it hands over every part of an answer when it is sent.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal

from .network import Network

__all__ = ["Flavour", "InMemoryTransport", "in_memory_transport"]

Flavour = Literal["httpx", "httpx2"]
App = Callable[[Any, Any, Any], Awaitable[None]]
Message = MutableMapping[str, Any]

CUT_OFF = "peer closed connection without sending complete message body (incomplete chunked read)"
UNREAD_MAX = 64
"""Parts of an answer that its sender may be ahead of its reader."""

NO_ANSWER = "Server disconnected without sending a response."


def in_memory_transport(
    apps: Mapping[int, App],
    network: Network,
    *,
    flavour: Flavour = "httpx2",
    connections_max: int | None = None,
    refuses: Callable[[int], bool] = lambda port: False,
) -> Any:
    """A transport for the AsyncClient of httpx or httpx2.

    apps             the applications by the port at which they are addressed
    network          its round-trip time and troubles apply
    connections_max  requests at the same time; more wait, up to the client's pool timeout
    refuses          tells whether nobody listens at a port now
    """
    return _classes(flavour)(apps, network, connections_max, refuses)


class InMemoryTransport:
    """What both flavours have in common."""

    module: Any
    body: Any

    def __init__(
        self,
        apps: Mapping[int, App],
        network: Network,
        connections_max: int | None,
        refuses: Callable[[int], bool],
    ) -> None:
        self._apps = apps
        self._refuses = refuses
        self._network = network
        self._pool = asyncio.Semaphore(connections_max) if connections_max else None
        self._idle: dict[int, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: Any) -> Any:
        timeouts = request.extensions.get("timeout", {})
        if self._pool is not None:
            async with self._limited(request, timeouts.get("pool"), self.module.PoolTimeout):
                await self._pool.acquire()
        try:
            return await self._exchange(request, timeouts)
        except BaseException:
            self._free()
            raise

    async def aclose(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _exchange(self, request: Any, timeouts: Mapping[str, float | None]) -> Any:
        port = request.url.port or 80
        app = await self._connect(request, port, timeouts.get("connect"))
        content = b"".join([part async for part in request.stream])
        exchange = _Exchange(content, port, self._network)
        run = exchange.run(app, _scope(request, port))
        task = asyncio.get_running_loop().create_task(run, name=f"fake {request.url.path}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Mostly the whole answer is there after its first step, and needs no timer.
        await asyncio.sleep(0)

        async def following() -> Message:
            if not exchange.arrived:
                async with self._limited(request, timeouts.get("read"), self.module.ReadTimeout):
                    await exchange.arrival()
            return exchange.take()

        def end(*, whole: bool = False) -> None:
            exchange.leave()
            if whole:
                self._idle[port] = self._idle.get(port, 0) + 1
            self._free()

        try:
            start = await following()
        except BaseException:
            exchange.leave()
            raise
        if start["type"] != "http.response.start":
            raise self._broken(request, start, NO_ANSWER)
        return self.module.Response(
            start["status"],
            headers=start.get("headers", []),
            stream=self.body(following, end, lambda m: self._broken(request, m, CUT_OFF)),
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def _connect(self, request: Any, port: int, timeout_s: float | None) -> App:
        """The application there, at once over an idle connection, else one round trip later."""
        app = self._apps.get(port) if self._network.knows(request.url.host) else None
        if idle := self._idle.get(port, 0):
            self._idle[port] = idle - 1
        elif (takes_s := 2 * self._network.way_s(port)) or self._network.troubles:
            async with self._limited(request, timeout_s, self.module.ConnectTimeout):
                await self._network.troubles.silence_over(port)
                await asyncio.sleep(takes_s)
        if app is None or self._refuses(port):
            where = f"{request.url.host}:{port}"
            raise self.module.ConnectError(f"No fake answers at {where}.", request=request)
        return app

    @asynccontextmanager
    async def _limited(
        self, request: Any, timeout_s: float | None, problem: type[Exception]
    ) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(timeout_s):
                yield
        except TimeoutError:
            raise problem("timed out", request=request) from None  # type: ignore[call-arg]

    def _broken(self, request: Any, message: Message, text: str) -> Exception:
        """What a client sees when the application ended early, by itself or by an error."""
        reason = message.get("reason")
        kind = self.module.RemoteProtocolError
        if isinstance(reason, ConnectionError):
            kind, text = self.module.ReadError, str(reason)
        problem: Exception = kind(text, request=request)
        problem.__cause__ = reason
        return problem

    def _free(self) -> None:
        if self._pool is not None:
            self._pool.release()


class _Exchange:
    """One request and its answer, from the application's side."""

    def __init__(self, content: bytes, port: int, network: Network) -> None:
        self.arrived: deque[Message] = deque()
        self._content: bytes | None = content
        self._port = port
        self._network = network
        self._arrives_s = 0.0
        self._waiting: asyncio.Future[None] | None = None
        self._unread = 0
        self._taken = asyncio.Event()
        self._left = asyncio.Event()
        self._complete = False

    async def run(self, app: App, scope: Message) -> None:
        reason: BaseException | None = None
        try:
            await self._way()
            await app(scope, self._receive, self._send)
        except Exception as problem:
            reason = problem
        if not self._complete:
            self._hand_over({"type": "end", "reason": reason})

    async def _way(self) -> None:
        """Return when what is sent now has arrived at the other side."""
        if self._network.troubles:
            await self._network.troubles.silence_over(self._port)
        if way_s := self._network.way_s(self._port):
            await asyncio.sleep(way_s)

    async def arrival(self) -> None:
        """Return when something has arrived."""
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    def take(self) -> Message:
        """The next thing that has arrived."""
        self._unread -= 1
        self._taken.set()
        return self.arrived.popleft()

    def leave(self) -> None:
        """The client has gone: the application hears of it, and what it sends is dropped."""
        self._left.set()
        self._taken.set()

    async def _receive(self) -> Message:
        if self._content is not None:
            content, self._content = self._content, None
            return {"type": "http.request", "body": content, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._complete = True
        if self._network.troubles:
            await self._network.troubles.silence_over(self._port)
        self._hand_over(message)
        while self._unread >= UNREAD_MAX and not self._left.is_set():
            self._taken.clear()
            await self._taken.wait()

    def _hand_over(self, message: Message) -> None:
        self._unread += 1
        loop = self._network.loop
        self._arrives_s = max(self._arrives_s, loop.time() + self._network.way_s(self._port))
        if self._arrives_s > loop.time():
            loop.call_at(self._arrives_s, self._arrive, message)
        else:
            self._arrive(message)

    def _arrive(self, message: Message) -> None:
        if self._left.is_set():
            return
        self.arrived.append(message)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class _Body:
    """The body of an answer, part by part."""

    def __init__(
        self,
        following: Callable[[], Awaitable[Message]],
        end: Callable[..., None],
        broken: Callable[[Message], Exception],
    ) -> None:
        self._following = following
        self._end: Callable[..., None] | None = end
        self._broken = broken

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        try:
            while more:
                message = await self._following()
                if message["type"] != "http.response.body":
                    raise self._broken(message)
                more = message.get("more_body", False)
                if part := message.get("body"):
                    yield part
        finally:
            self._close(whole=not more)

    async def aclose(self) -> None:
        self._close(whole=False)

    def _close(self, *, whole: bool) -> None:
        if self._end is not None:
            end, self._end = self._end, None
            end(whole=whole)


@lru_cache(maxsize=2)
def _classes(flavour: Flavour) -> type[InMemoryTransport]:
    """The transport on the base classes of httpx or httpx2, which check them."""
    module = import_module(flavour)
    body = type("Body", (_Body, module.AsyncByteStream), {})
    bases = (InMemoryTransport, module.AsyncBaseTransport)
    return type("InMemoryTransport", bases, {"module": module, "body": body})


def _scope(request: Any, port: int) -> Message:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "server": (url.host, port),
        "client": ("127.0.0.1", 1),
        "state": {},
    }
