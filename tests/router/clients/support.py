"""The clients as the tests' parameters, and what a stream adds up to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from fakeservers import FakeProvider, FakeServers
from router.clients.anthropic import AnthropicClient
from router.clients.base import LLMClient, ProviderFailure
from router.clients.gemini import GeminiClient
from router.clients.http import HTTPClient
from router.clients.ollama import OllamaClient
from router.clients.openai import OpenAIClient
from router.clients.sdk import Connections
from router.types import (
    Finish,
    FinishReason,
    Gap,
    LLMRequest,
    LLMResponse,
    Noise,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Usage,
    UsageEvent,
)

__all__ = [
    "CLIENTS",
    "Case",
    "Heard",
    "ask",
    "by_id",
    "complete",
    "every_client",
    "every_way",
    "failure",
    "hear",
    "heard",
]

T = TypeVar("T")
CONNECTIONS = Connections()


@dataclass(frozen=True, kw_only=True)
class Case:
    """One client with the fake that it speaks to, and models that can do what is asked."""

    id: str
    fake: str
    model: str
    make: Callable[..., Any]
    thinks: str = ""
    sees: str = ""

    def client(self, llmsim: FakeServers, model: str = "") -> Any:
        return self.make(self.of(llmsim).url, model or self.model)

    def of(self, llmsim: FakeServers) -> FakeProvider:
        return llmsim[self.fake]


def _http(url: str, model: str) -> HTTPClient:
    return HTTPClient("mine", url, model, api_key="sk-mine", connections=CONNECTIONS)


def _made(kind: Any, **more: Any) -> Callable[..., Any]:
    def make(url: str, model: str) -> Any:
        key = {} if kind is OllamaClient else {"api_key": "sk-test"}
        return kind(model, base_url=url, connections=CONNECTIONS, **key, **more)

    return make


CLIENTS = (
    Case(
        id="claude",
        fake="claude",
        model="claude-sonnet-4-5",
        thinks="claude-sonnet-4-5",
        sees="claude-sonnet-4-5",
        make=_made(AnthropicClient),
    ),
    Case(id="chat", fake="openai", model="gpt-4.1", sees="gpt-4.1", make=_made(OpenAIClient)),
    Case(
        id="responses",
        fake="openai",
        model="gpt-4.1",
        thinks="gpt-5",
        sees="gpt-4.1",
        make=_made(OpenAIClient, api="responses"),
    ),
    Case(
        id="gemini",
        fake="gemini",
        model="gemini-2.5-flash",
        thinks="gemini-2.5-flash",
        sees="gemini-2.5-flash",
        make=_made(GeminiClient),
    ),
    Case(
        id="ollama",
        fake="ollama",
        model="llama3.2",
        thinks="qwen3",
        sees="gemma3",
        make=_made(OllamaClient),
    ),
    Case(id="http", fake="openai", model="gpt-4.1", sees="gpt-4.1", make=_http),
)

every_client = pytest.mark.parametrize("case", CLIENTS, ids=lambda case: case.id)
every_way = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


def by_id(id: str) -> Case:
    return next(case for case in CLIENTS if case.id == id)


@dataclass(kw_only=True)
class Heard:
    """What a stream said, added up as a program would."""

    text: str = ""
    thinking: str = ""
    signatures: list[str] = field(default_factory=list)
    calls: dict[int, dict[str, str]] = field(default_factory=dict)
    finish: Finish | None = None
    usage: Usage | None = None
    malformed: int = 0
    events: list[StreamEvent] = field(default_factory=list)

    @property
    def finish_reason(self) -> FinishReason | None:
        return self.finish.reason if self.finish else None


def hear(events: Iterable[StreamEvent]) -> Heard:
    said = Heard()
    for event in events:
        said.events.append(event)
        match event:
            case TextDelta(text=text):
                said.text += text
            case ThinkingDelta():
                said.thinking += event.text
                said.signatures += [event.signature] if event.signature else []
            case ToolCallDelta():
                call = said.calls.setdefault(event.index, {"id": "", "name": "", "arguments": ""})
                call["id"] += event.id
                call["name"] += event.name
                call["arguments"] += event.arguments
            case UsageEvent(usage=usage):
                said.usage = usage
            case Finish():
                assert said.finish is None, "a stream has one end"
                said.finish = event
            case Noise(kind="malformed") | Gap():
                said.malformed += 1
    return said


def ask(client: Any, work: Callable[[Any], Awaitable[T]]) -> T:
    """Run one piece of work with the client, and close it."""

    async def run() -> T:
        try:
            return await work(client)
        finally:
            await client.aclose()

    return asyncio.run(run())


def complete(client: LLMClient, request: LLMRequest, **limits: Any) -> LLMResponse:
    return ask(client, lambda it: it.complete(request, **limits))


def heard(client: LLMClient, request: LLMRequest, **limits: Any) -> Heard:
    async def listen(it: LLMClient) -> Heard:
        async with aclosing(it.stream(request, **limits)) as events:  # type: ignore[type-var]
            return hear([event async for event in events])

    return ask(client, listen)


def failure(
    client: LLMClient, request: LLMRequest, *, streamed: bool, **limits: Any
) -> ProviderFailure:
    """The failure that this request must end in."""
    with pytest.raises(ProviderFailure) as caught:
        (heard if streamed else complete)(client, request, **limits)
    return caught.value
