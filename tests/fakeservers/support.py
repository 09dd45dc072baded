"""What several tests build: requests, and a fake without sockets."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from fakeservers.behaviour.models import catalogue
from fakeservers.canonical import ChatRequest, Message, Text, ToolCall, ToolResult
from fakeservers.clock import SystemClock
from fakeservers.evidence.journal import Exchange
from fakeservers.serving.exchange import Fake
from fakeservers.wire.base import Headers, HttpRequest, Provider
from fakeservers.wire.framing import dumps


def chat(prompt: str = "Hello", *, system: str = "", **fields: Any) -> ChatRequest:
    """A request with one user message, after `system` if given."""
    messages = (Message("user", (Text(prompt),)),)
    if system:
        messages = (Message("system", (Text(system),)), *messages)
    return ChatRequest(
        **{"provider": "openai", "endpoint": "chat", "model": "m", "messages": messages} | fields
    )


def after_tool(prompt: str, result: str) -> ChatRequest:
    """A request that brings back a tool's result."""
    return chat(
        messages=(
            Message("user", (Text(prompt),)),
            Message("assistant", (ToolCall("look_up", {}, "c1"),)),
            Message("tool", (ToolResult("c1", "look_up", result),)),
        )
    )


def fake(provider: Provider, *, seed: int = 0, **options: Any) -> Fake:
    """A fake that is asked directly, without sockets."""
    return Fake(
        provider,
        seed=seed,
        clock=SystemClock(),
        models=lambda: catalogue(provider.name),
        **options,
    )


def post(path: str, body: Any, **headers: str) -> HttpRequest:
    """A POST with a JSON body, or with bytes as they are."""
    return HttpRequest(
        method="POST",
        path=path,
        headers={"authorization": "Bearer key", **headers},
        body=body if isinstance(body, bytes) else dumps(body).encode("utf-8", "replace"),
    )


def exchange() -> Exchange:
    """An entry of a journal."""
    return Exchange(number=1, provider="tiny", http=post("/say", {}))


class VirtualClock:
    """Time that passes only by waiting for it."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def now(self) -> float:
        return self.time_s

    def wall(self) -> float:
        return 1_795_000_000.0 + self.time_s

    def call_at(self, deadline_s: float, callback: Callable[[], object]) -> asyncio.Handle:
        return asyncio.get_running_loop().call_soon(self._reach, deadline_s, callback)

    def _reach(self, deadline_s: float, callback: Callable[[], object]) -> None:
        self.time_s = max(self.time_s, deadline_s)
        callback()


class Tape:
    """A connection that keeps what is said to it: in `log`, and writes with their time in `at`."""

    def __init__(self, clock: VirtualClock | None = None) -> None:
        self.clock = clock or VirtualClock()
        self.log: list[Any] = []
        self.at: list[tuple[float, bytes]] = []
        self.sent_bytes = 0

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.at)

    def start(self, status: int, headers: Headers, length: int | None) -> None:
        self.log.append(f"start {status} {length}")

    def write(self, data: bytes) -> None:
        self.sent_bytes += len(data)
        if data:
            self.log.append(data)
            self.at.append((self.clock.now(), data))

    def finish(self) -> None:
        self.log.append("finish")

    def send_whole(self, status: int, headers: Headers, body: bytes) -> None:
        self.start(status, headers, len(body))
        self.write(body)
        self.finish()

    def send_stream(self, status: int, headers: Headers, pieces: Sequence[bytes]) -> None:
        self.start(status, headers, None)
        self.write(b"".join(pieces))
        self.finish()

    def close(self) -> None:
        self.log.append("close")

    def reset(self) -> None:
        self.log.append("reset")

    full = False

    async def drained(self) -> None:
        pass
