"""MockLLMClient: answers without a network, for tests of programs and for trying the router out.

It costs nothing and remembers what it was asked. It imitates no vendor: whoever tests against a
wire format takes the fake servers.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable
from decimal import Decimal
from typing import Any

from ..types import (
    Finish,
    LLMRequest,
    LLMResponse,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
    UsageEvent,
)
from .asking import arguments_text
from .base import ProviderFailure

__all__ = ["MockLLMClient", "MockResponse"]

MockResponse = str | LLMResponse | ProviderFailure | Exception
REQUESTS_MAX = 10_000
"""How many requests are remembered; calls are counted beyond."""
WORD = re.compile(r"\S+\s*|\s+")


class MockLLMClient:
    """Answers in turn and round again.

        MockLLMClient("claude").with_responses(["Paris.", ProviderFailure(...), "Rome."])

    name        what the router calls it
    model       what its answers say they are from
    latency_ms  how long each call takes, and what the client says of itself
    Answers and failures are scripted by the responses: a text, a whole LLMResponse,
    or an exception to raise. Without responses it says "mock response from <name>".
    """

    def __init__(
        self,
        name: str = "mock",
        *,
        model: str = "mock",
        latency_ms: float = 0.0,
        cost_per_1k_tokens: Decimal = Decimal(0),
        available: bool = True,
    ) -> None:
        self.name = name
        self.model = model
        self.latency_ms = latency_ms
        self.cost_per_1k_tokens = cost_per_1k_tokens
        self.available = available
        self._responses: tuple[MockResponse, ...] = (f"mock response from {name}",)
        self._breaks_after: dict[int, tuple[int, ProviderFailure]] = {}
        self._requests: list[LLMRequest] = []
        self._calls = 0

    def with_responses(self, responses: Iterable[MockResponse]) -> "MockLLMClient":
        """Answer with these in turn, and round again; returns the client. Raises ValueError for
        none, TypeError for what is no response."""
        given = tuple(responses) if not isinstance(responses, str) else (responses,)
        if not given:
            raise ValueError('with_responses([]) leaves nothing to say: write ["Hello."]')
        for response in given:
            if not isinstance(response, (str, LLMResponse, Exception)):
                raise TypeError(
                    f"a response is a text, an LLMResponse or an exception, not {response!r}"
                )
        self._responses = given
        return self

    def with_broken_stream(
        self, failure: ProviderFailure, *, call: int, after_events: int
    ) -> "MockLLMClient":
        """Make the stream of this call (from 1) fail after so many events; returns the client."""
        if call < 1 or after_events < 0:
            raise ValueError("call counts from 1, after_events from 0")
        self._breaks_after[call] = (after_events, failure)
        return self

    def call_count(self) -> int:
        """How many calls began, failed ones included."""
        return self._calls

    @property
    def requests(self) -> tuple[LLMRequest, ...]:
        """What it was asked, oldest first."""
        return tuple(self._requests)

    async def complete(self, request: LLMRequest, *, timeout_s: float | None = None) -> LLMResponse:
        """The next response. Raises it where it is an exception."""
        response, _ = self._next(request)
        await self._wait(timeout_s)
        if isinstance(response, Exception):
            raise response
        return response

    async def stream(
        self, request: LLMRequest, *, timeout_s: float | None = None
    ) -> AsyncGenerator[StreamEvent, None]:
        """The next response, word by word. Raises it where it is an exception."""
        response, broken = self._next(request)
        await self._wait(timeout_s)
        if isinstance(response, Exception):
            raise response
        for number, event in enumerate(_events(response)):
            if broken and number == broken[0]:
                raise broken[1]
            yield event
            await asyncio.sleep(0)  # others may run between two words, as with a network
        if response.finish_reason is None:
            raise ProviderFailure(
                "stream_cut",
                f"{self.name}: the scripted response has no finish_reason",
                certainty="response_started",
            )

    def _next(
        self, request: LLMRequest
    ) -> tuple[LLMResponse | Exception, tuple[int, ProviderFailure] | None]:
        response = self._responses[self._calls % len(self._responses)]
        self._calls += 1
        if len(self._requests) < REQUESTS_MAX:
            self._requests.append(request)
        broken = self._breaks_after.get(self._calls)
        if isinstance(response, str):
            return self._said(response, request), broken
        return response, broken

    def _said(self, text: str, request: LLMRequest) -> LLMResponse:
        asked = " ".join(message.text for message in request.messages)
        return LLMResponse(
            parts=(Text(text),),
            finish_reason="stop",
            finish_reason_raw="stop",
            usage=Usage(input=_tokens(asked), output=_tokens(text)),
            model=request.model or self.model,
            id=f"mock-{self._calls}",
        )

    async def _wait(self, timeout_s: float | None) -> None:
        delay_s = self.latency_ms / 1000
        if timeout_s is not None and delay_s > timeout_s:
            await asyncio.sleep(timeout_s)
            raise ProviderFailure(
                "timeout_total",
                f"{self.name}: the time for this attempt is over",
                certainty="possibly_accepted",
            )
        if delay_s:
            await asyncio.sleep(delay_s)

    def __repr__(self) -> str:
        return f"<MockLLMClient {self.name}: {self._calls} calls>"


def _tokens(text: str) -> int:
    """A plausible count, the same on every run: one for each word or mark."""
    return max(1, len(re.findall(r"\w+|[^\w\s]", text)))


def _events(response: LLMResponse) -> Iterable[StreamEvent]:
    yield Started(model=response.model, id=response.id, limits=response.limits)
    calls = 0
    for part in response.parts:
        match part:
            case Text(text=text):
                yield from (TextDelta(word) for word in WORD.findall(text))
            case Thinking():
                yield ThinkingDelta(
                    text=part.text, signature=part.signature, redacted=part.redacted
                )
            case ToolCall():
                yield _call(part, calls)
                calls += 1
    if response.finish_reason is not None:
        yield Finish(reason=response.finish_reason, raw_reason=response.finish_reason_raw)
    if response.usage is not None:
        yield UsageEvent(response.usage)


def _call(call: ToolCall, index: int) -> ToolCallDelta:
    fields: dict[str, Any] = {"id": call.id, "name": call.name, "signature": call.signature}
    return ToolCallDelta(index=index, arguments=arguments_text(call), **fields)
