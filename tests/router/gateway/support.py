"""A gateway on a socket, its router over the fakes, and the official SDKs as its callers.

The server runs in a thread with its own event loop, so that callers may be synchronous.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn

from fakeservers import FakeServers
from router.clients.anthropic import AnthropicClient
from router.clients.gemini import GeminiClient
from router.clients.ollama import OllamaClient
from router.clients.openai import OpenAIClient
from router.clients.sdk import Connections
from router.clock import Clock, SystemClock
from router.gateway import GatewaySettings, create_app
from router.gateway.serving import bound_socket
from router.policy import RetryPolicy, RouterPolicy
from router.pricing import Price, PriceBook
from router.router import LLMRouter
from router.setup import Endpoint, RouterSetup
from router.types import Target, Timeouts

__all__ = [
    "MODELS",
    "QUICK",
    "Gateway",
    "SinceAsked",
    "endpoint",
    "gateway",
    "router_over",
    "sse",
]

CONNECTIONS = Connections()
MODELS = {
    "claude": ("claude-sonnet-4-5", AnthropicClient),
    "openai": ("gpt-4.1", OpenAIClient),
    "gemini": ("gemini-2.5-flash", GeminiClient),
    "ollama": ("llama3.2", OllamaClient),
}
QUICK = RetryPolicy(backoff_base_s=0.001, backoff_cap_s=0.002)
ENDS_S = 60.0


def endpoint(fakes: FakeServers, name: str, *, model: str = "", **timeouts: float) -> Endpoint:
    """A target at a fake."""
    usual, kind = MODELS[name]
    key: dict[str, Any] = {} if name == "ollama" else {"api_key": "sk-upstream-secret"}
    client = kind(
        model or usual, base_url=fakes[name].url, connections=CONNECTIONS, name=name, **key
    )
    target = Target(provider=name, model=model or usual, timeouts=Timeouts(**timeouts))
    return Endpoint(target=target, client=client)


class SinceAsked(SystemClock):
    """Seconds since `asked()` first held, and 0 until then: limits of a fraction of a second
    measure only what comes after it, however slow the machine is until then."""

    def __init__(self, asked: Callable[[], Any]) -> None:
        self._asked = asked
        self._began_s: float | None = None

    def now(self) -> float:
        if self._began_s is None and self._asked():
            self._began_s = super().now()
        return 0.0 if self._began_s is None else super().now() - self._began_s


def router_over(*endpoints: Endpoint, clock: Clock | None = None, **setup: Any) -> LLMRouter:
    """A router whose waits between attempts are short; Ollama is free."""
    prices = PriceBook(
        [
            Price(provider="ollama", model="*", input_usd_per_mtok=0, output_usd_per_mtok=0),
            Price(provider="gemini", model="*", like="google/gemini-2.5-flash"),
            Price(provider="claude", model="*", like="anthropic/claude-sonnet-4-5"),
        ],
        unknown="estimate",
    )
    setup.setdefault("policy", RouterPolicy(retry=QUICK, deadline_s=60))
    return LLMRouter(RouterSetup(endpoints=endpoints, prices=prices, **setup), clock=clock, seed=1)


@dataclass(frozen=True, slots=True)
class Gateway:
    """One that runs."""

    origin: str
    router: LLMRouter
    http: httpx2.Client

    def chat(self, **body: Any) -> httpx2.Response:
        """`POST /v1/chat/completions` as it stands."""
        asked = {"model": "auto", "messages": [{"role": "user", "content": "Hello?"}]}
        return self.http.post("/v1/chat/completions", json=asked | body)

    def streamed(self, **body: Any) -> str:
        """The bytes of a stream, as text."""
        return self.chat(stream=True, **body).text


class Prompt(uvicorn.Server):
    """Ends as soon as it is told to, where uvicorn looks but every tenth of a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """From another thread."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        if not await self.on_tick(0):
            await self._told.wait()

    async def shutdown(self, sockets: Any = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:
            await asyncio.sleep(0.001)
        await self.lifespan.shutdown()


@contextmanager
def gateway(router: LLMRouter, **settings: Any) -> Iterator[Gateway]:
    """Runs it until the block ends."""
    sock = bound_socket("127.0.0.1", 0)
    app = create_app(router, GatewaySettings(**settings))
    config = uvicorn.Config(app, log_config=None, lifespan="on", ws="none", loop="asyncio")
    server = Prompt(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[sock])))
    thread.start()
    origin = f"http://127.0.0.1:{sock.getsockname()[1]}"
    try:
        with httpx2.Client(base_url=origin, timeout=60) as http:
            http.get("/healthz")
            yield Gateway(origin, router, http)
    finally:
        server.end()
        thread.join(ENDS_S)
        sock.close()
        assert not thread.is_alive(), "the gateway did not end"


def sse(text: str) -> list[Any]:
    """The data of a stream's events, parsed where it is JSON."""
    data = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(piece) if piece != "[DONE]" else piece for piece in data]
