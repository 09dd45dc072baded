"""Every caller gets its own answer and no other's, whatever happens beside it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.clients.base import ProviderFailure
from router.gateway import create_app
from router.policy import RouterPolicy
from router.pricing import Price, PriceBook
from router.router import LLMRouter
from router.setup import Endpoint, RouterSetup
from router.types import (
    Finish,
    LLMRequest,
    LLMResponse,
    StreamEvent,
    Target,
    Text,
    TextDelta,
    Usage,
    UsageEvent,
)

from .support import QUICK

PATHS = {
    "openai": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/auto:",
    "ollama": "/api/chat",
}
Caller = tuple[str, bool, int, int, int, bool]


class Echo:
    """Says who asked, in pieces with pauses between, or fails, as the prompt tells it to."""

    cost_per_1k_tokens = Decimal(0)
    latency_ms = 0.0
    available = True

    def __init__(self, name: str, *, fails: bool) -> None:
        self.name = name
        self.model = "echo"
        self._fails = fails

    async def complete(self, request: LLMRequest, *, timeout_s: float | None = None) -> LLMResponse:
        events = [event async for event in self.stream(request)]
        said = "".join(event.text for event in events if isinstance(event, TextDelta))
        return LLMResponse(parts=(Text(said),), finish_reason="stop", usage=Usage(output=1))

    async def stream(
        self, request: LLMRequest, *, timeout_s: float | None = None
    ) -> AsyncGenerator[StreamEvent, None]:
        told = json.loads(request.messages[0].text)
        for number in range(told["pieces"]):
            for _ in range(told["turns"]):
                await asyncio.sleep(0)
            if self._fails and told["fails_at"] == number:
                raise ProviderFailure("server", "scripted", certainty="response_started")
            yield TextDelta(f"<{told['who']}>")
        yield UsageEvent(Usage(output=1))
        yield Finish(reason="stop", raw_reason="stop")


def router() -> LLMRouter:
    endpoints = tuple(
        Endpoint(target=Target(provider=name, model="echo"), client=Echo(name, fails=fails))
        for name, fails in (("first", True), ("second", False))
    )
    free = {"model": "*", "input_usd_per_mtok": 0, "output_usd_per_mtok": 0}
    prices = PriceBook(Price(provider=name, **free) for name in ("first", "second"))
    policy = RouterPolicy(retry=QUICK)
    return LLMRouter(RouterSetup(endpoints=endpoints, prices=prices, policy=policy), seed=1)


def body_of(caller: Caller, who: int) -> tuple[str, dict[str, Any]]:
    wire, streamed, pieces, turns, fails_at, _ = caller
    prompt = json.dumps({"who": who, "pieces": pieces, "turns": turns, "fails_at": fails_at})
    if wire == "gemini":
        method = "streamGenerateContent?alt=sse" if streamed else "generateContent"
        return PATHS[wire] + method, {"contents": [{"parts": [{"text": prompt}]}]}
    messages = [{"role": "user", "content": prompt}]
    asked = "input" if wire == "responses" else "messages"
    return PATHS[wire], {
        "model": "auto", asked: messages, "stream": streamed,
        **({"max_tokens": 100} if wire == "anthropic" else {}),
    }  # fmt: skip


async def exchange(http: httpx2.AsyncClient, caller: Caller, who: int) -> tuple[int, str]:
    path, body = body_of(caller, who)
    asking = asyncio.create_task(http.post(path, json=body))
    if caller[5]:  # goes away in the middle
        for _ in range(caller[3] + 2):
            await asyncio.sleep(0)
        asking.cancel()
    await asyncio.wait((asking,))
    return who, "" if asking.cancelled() else asking.result().text


async def all_of(callers: list[Caller]) -> list[tuple[int, str]]:
    transport = httpx2.ASGITransport(create_app(router()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        asked = (exchange(http, caller, who) for who, caller in enumerate(callers))
        return await asyncio.gather(*asked)


a_caller = st.tuples(
    st.sampled_from(list(PATHS)),
    st.booleans(),
    st.integers(1, 4),
    st.integers(0, 5),
    st.integers(0, 4),
    st.booleans(),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(a_caller, min_size=2, max_size=16))
def test_no_answer_reaches_another_caller(callers: list[Caller]) -> None:
    """Callers of all wires at once, streams that break, fallbacks, callers that go away: nobody
    sees a mark of anybody else, and whoever stays and is answered sees all of its own."""
    for who, heard in asyncio.run(all_of(callers)):
        others = [n for n in range(len(callers)) if n != who and f"<{n}>" in heard]
        assert not others, f"caller {who} saw the answer of {others}"
        wire, streamed, pieces, _, fails_at, leaves = callers[who]
        broken = streamed and 0 < fails_at < pieces
        if not leaves and not broken:
            # The stream of a response tells its text whole four times more when it is done.
            times = 5 if wire == "responses" and streamed else 1
            assert heard.count(f"<{who}>") == pieces * times
