"""A world in which the router is tested: virtual time, scripted clients, prices and holds that
can be counted.

The loop's clock jumps to the next timer, so that hours pass in no time and exactly. No threads.
"""

import asyncio
import selectors
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from router.accounting import Claim, CostRecord, Grant, PriceBook
from router.clients.base import ProviderFailure
from router.errors import BudgetExceeded
from router.policy import RouterPolicy
from router.router import LLMRouter
from router.setup import Endpoint, RouterSetup
from router.types import (
    Answer,
    Finish,
    Gap,
    LLMRequest,
    LLMResponse,
    StreamEvent,
    Target,
    Text,
    TextDelta,
    Usage,
    UsageEvent,
)

T = TypeVar("T")
EPOCH_S = 1_700_000_000.0
STEPS_MAX = 1_000_000


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Waits for nothing: moves the loop's time instead."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if timeout is None and not ready:
            raise RuntimeError("everything waits and nothing will come: a deadlock")
        if timeout and not ready:
            self.loop.jump(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual_s = 0.0
        selector = _Jumping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self._virtual_s

    def jump(self, timeout_s: float) -> None:
        timers = self._scheduled  # type: ignore[attr-defined]
        self._virtual_s = timers[0].when() if timers else self._virtual_s + timeout_s


class VirtualClock:
    """The virtual loop's time; `wall` begins at a fixed moment."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        return EPOCH_S + self.now()

    async def sleep_until(self, moment_s: float) -> None:
        if (delay_s := moment_s - self.now()) > 0:
            await asyncio.sleep(delay_s)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time; what is left over by then is cancelled, as asyncio.run."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One scripted answer. Streamed, its words come one by one, `gap_s` apart; `fails` breaks it
    after `words_shown` words; without `finish` the stream just ends; before one word an event could
    not be read."""

    text: str = "Paris."
    after_s: float = 0.0
    gap_s: float = 0.0
    finish: str | None = "stop"
    usage: Usage | None = field(default_factory=lambda: Usage(input=7, output=3))
    fails: ProviderFailure | None = None
    words_shown: int = 1
    before: tuple[StreamEvent, ...] = ()
    gap_before_word: int | None = None


Script = Say | ProviderFailure | Callable[[], Any]


def failure(error_class: Any, **fields: Any) -> ProviderFailure:
    fields.setdefault("certainty", "possibly_accepted")
    return ProviderFailure(error_class, "scripted", **fields)


class FakeClient:
    """Plays its script, the last line for ever; counts what it was asked and what it left open."""

    cost_per_1k_tokens = Decimal(0)

    def __init__(self, name: str, *script: Script, available: bool = True) -> None:
        self.name = name
        self.model = f"{name}-model"
        self.latency_ms = 0.0
        self.available = available
        self.script = list(script) or [Say()]
        self.asked: list[LLMRequest] = []
        self.asked_s: list[float] = []
        self.open = 0
        self.open_most = 0

    async def complete(self, request: LLMRequest, *, timeout_s: float | None = None) -> LLMResponse:
        line = self._next(request)
        with self._under_way():
            say = await self._waited(line)
            if say.fails is not None:
                raise say.fails
            return LLMResponse(
                parts=(Text(say.text),) if say.text else (),
                finish_reason=say.finish,  # type: ignore[arg-type]
                usage=say.usage,
                model=self.model,
            )

    async def stream(
        self, request: LLMRequest, *, timeout_s: float | None = None
    ) -> AsyncGenerator[StreamEvent, None]:
        line = self._next(request)
        with self._under_way():
            say = await self._waited(line)
            for event in say.before:
                yield event
            words = say.text.split(" ")
            for number, word in enumerate(words):
                if say.fails is not None and number >= say.words_shown:
                    raise say.fails
                if number == say.gap_before_word:
                    yield Gap()
                if say.gap_s and number:
                    await asyncio.sleep(say.gap_s)
                yield TextDelta(word if number == len(words) - 1 else word + " ")
            if say.finish is not None:
                yield Finish(reason=say.finish)  # type: ignore[arg-type]
            if say.usage is not None:
                yield UsageEvent(say.usage)

    def _next(self, request: LLMRequest) -> Script:
        self.asked.append(request)
        self.asked_s.append(asyncio.get_running_loop().time())
        return self.script[min(len(self.asked), len(self.script)) - 1]

    async def _waited(self, line: Script) -> Say:
        if callable(line):
            line = await line()
        if isinstance(line, ProviderFailure):
            # A new one each time, as a client raises it.
            raise ProviderFailure(
                line.error_class,
                line.message,
                certainty=line.certainty,
                status=line.status,
                retry_after_s=line.retry_after_s,
                scope=line.scope,
                usage=line.usage,
            )
        assert isinstance(line, Say)
        if line.after_s:
            await asyncio.sleep(line.after_s)
        return line

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        self.open += 1
        self.open_most = max(self.open, self.open_most)
        try:
            yield
        finally:
            self.open -= 1


INPUT_PICO, OUTPUT_PICO = 2, 10


class FakeCard:
    """2 pico-dollars an input token, 10 an output token; a character is a token."""

    version = "test"
    is_estimate = False
    context_tokens_max = None

    def __init__(self, factor: int = 1) -> None:
        self.factor = factor

    def input_tokens(self, request: LLMRequest) -> int:
        return sum(len(message.text) for message in request.messages)

    def upper_bound(self, request: LLMRequest, *, output_tokens_max: int | None = None) -> int:
        most = request.max_tokens or output_tokens_max or 100
        return self.factor * (INPUT_PICO * self.input_tokens(request) + OUTPUT_PICO * most)

    def expected(self, request: LLMRequest) -> int:
        return self.factor * (INPUT_PICO * self.input_tokens(request) + OUTPUT_PICO * 10)

    def cost(self, usage: Usage) -> int:
        return self.factor * (INPUT_PICO * usage.input_total + OUTPUT_PICO * usage.output)

    def partial(self, request: LLMRequest, *, output_text: str, input_billed: bool = True) -> Usage:
        return Usage(input=self.input_tokens(request), output=len(output_text))


@dataclass(slots=True)
class FakePrices:
    factors: dict[str, int] = field(default_factory=dict)

    def card(self, target: Target, *, at: datetime | None = None) -> FakeCard:
        return FakeCard(self.factors.get(target.provider, 1))


class FakeBudget:
    """One strict account in memory that can be slow, and that counts."""

    def __init__(self, limit_pico: int = 10**9, *, slow_s: float = 0.0, mode: str = "strict"):
        self.limit_pico = limit_pico
        self.slow_s = slow_s
        self.mode = mode
        self.held: dict[str, int] = {}
        self.posted: dict[str, CostRecord] = {}
        self.settled_twice = 0

    @property
    def used_pico(self) -> int:
        return sum(self.held.values()) + sum(r.amount_pico for r in self.posted.values())

    async def reserve(self, claim: Claim) -> Grant:
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        need = claim.card.upper_bound(claim.request)
        if self.used_pico + need > self.limit_pico:
            raise BudgetExceeded(
                scope="test",
                limit=Decimal(self.limit_pico).scaleb(-12),
                posted=Decimal(sum(r.amount_pico for r in self.posted.values())).scaleb(-12),
                held=Decimal(sum(self.held.values())).scaleb(-12),
                need=Decimal(need).scaleb(-12),
                mode=self.mode,
            )
        self.held[claim.hold_id] = need
        return Grant(claim=claim, amount_pico=need, request=claim.request)

    async def settle(self, grant: Grant, record: CostRecord) -> None:
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        if record.attempt_id in self.posted:
            self.settled_twice += 1
            return
        self.held.pop(record.attempt_id)
        self.posted[record.attempt_id] = record

    async def renew(self, grant: Grant) -> None:
        pass


class FakeCosts:
    def __init__(self) -> None:
        self.records: list[CostRecord] = []

    def record(self, record: CostRecord) -> None:
        self.records.append(record)


class World:
    """A router over the clients given, in their order, in virtual time."""

    def __init__(
        self,
        *clients: FakeClient,
        policy: RouterPolicy | None = None,
        targets: dict[str, dict[str, Any]] | None = None,
        budget: FakeBudget | None = None,
        prices: PriceBook | None = None,
        hooks: Any = (),
        seed: int = 1,
        **setup: Any,
    ) -> None:
        self.clients = {client.name: client for client in clients}
        self.costs = FakeCosts()
        self.budget = budget
        endpoints = tuple(
            Endpoint(
                target=Target(
                    provider=client.name, model=client.model, **(targets or {}).get(client.name, {})
                ),
                client=client,
            )
            for client in clients
        )
        self.setup = RouterSetup(
            endpoints=endpoints,
            prices=prices or FakePrices(),
            policy=policy or RouterPolicy(),
            budget=budget,
            costs=self.costs,
            **setup,
        )
        self.router = LLMRouter(self.setup, clock=VirtualClock(), seed=seed, hooks=hooks)

    def asked(self) -> dict[str, int]:
        return {name: len(client.asked) for name, client in self.clients.items()}


def ask(world: World, **keywords: Any) -> Answer:
    return run(world.router.complete("What is it?", **keywords))


def fails(world: World, kind: type[Exception], **keywords: Any) -> Any:
    with pytest.raises(kind) as caught:
        ask(world, **keywords)
    return caught.value


def read(world: World) -> Answer:
    async def main() -> Answer:
        return await world.router.stream("What is it?").collect()

    return run(main())
