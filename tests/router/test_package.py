"""The package from outside: what importing costs, what it names, and its synchronous face."""

import subprocess
import sys
import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

import router
from router import (
    CostManagementPolicy,
    LLMRouter,
    MockLLMClient,
    SyncRouter,
    TaskContext,
    TaskRequest,
)
from router.budget import LedgerBudget
from router.errors import BudgetExceeded, ConfigError, NoTarget, UnknownPrice
from router.ledger.memory import MemoryLedger
from router.pricing import Price, PriceBook
from router.setup import Endpoint, RouterSetup
from router.types import Finish, Target, TextDelta

HEAVY = ("anthropic", "openai", "google.genai", "ollama", "httpx", "httpx2", "genai_prices")
HEAVY += ("redis", "rich", "opentelemetry", "prometheus_client", "pytest", "fakeservers")


def test_importing_is_light() -> None:
    """`import router` and the router's class load no SDK, no prices, no exporter."""
    code = f"import sys, router; router.LLMRouter; print([n for n in {HEAVY} if n in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


ASKING = """
import asyncio, sys
from router import LLMRouter
from router.errors import AllAttemptsFailed

sdks = ("anthropic", "openai", "google.genai", "ollama")
keys = {"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
router = LLMRouter.from_env(keys)
print([name for name in sdks if name in sys.modules])
try:
    asyncio.run(router.complete("Hello?", chain=["openai"], attempts_max=1))
except AllAttemptsFailed:
    print([name for name in sdks if name in sys.modules])
"""


def test_an_sdk_is_imported_when_its_provider_is_asked() -> None:
    """And no other, though its key is there."""
    told = subprocess.run(
        [sys.executable, "-c", ASKING], capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == ["[]", "['openai']"]


@pytest.mark.parametrize("name", router.__all__)
def test_promised_names(name: str) -> None:
    """Every name that the package promises is there."""
    assert getattr(router, name).__name__ == name


def test_no_such_name() -> None:
    """A name that is not there is an ordinary AttributeError."""
    with pytest.raises(AttributeError, match="no attribute 'Router'"):
        _ = router.Router


@pytest.fixture
def mocked() -> Any:
    with SyncRouter(LLMRouter.with_mocks("claude", responses=["one", "two"])) as facade:
        yield facade


def test_synchronous_calls(mocked: SyncRouter) -> None:
    """The facade answers in turn, plans, routes and does tasks without an event loop."""
    assert [mocked.complete("x").text, mocked.complete("x").text] == ["one", "two"]
    assert mocked.route(TaskContext(task_type="code")) == "claude"
    response = mocked.execute(TaskRequest(prompt="x", id="7", timeout_ms=1000))
    assert (response.id, response.text, response.cost, mocked.costs.total) == ("7", "one", 0, 0)
    assert mocked.plan("x").targets[0].provider == "claude"


def test_costs_count_from_the_first_call() -> None:
    """Also in a router made in code, whose costs nobody has looked at; a new setup keeps them."""
    endpoint = Endpoint(target=Target(provider="p", model="m"), client=MockLLMClient("p"))
    price = Price(provider="p", input_usd_per_mtok=1, output_usd_per_mtok=1)
    setup = RouterSetup(endpoints=(endpoint,), prices=PriceBook([price]))
    with SyncRouter(LLMRouter(setup)) as router:
        answer = router.complete("x")
        assert router.costs.total == answer.cost > 0
        router.router.reload(setup)
        assert router.costs.total == answer.cost


def test_a_task_keeps_its_own_limit() -> None:
    """Tasks of one kind do not share a limit for each task, and stand together in the costs; what
    was one task is one: the requests of an id share it."""
    price = Price(provider="p", input_usd_per_mtok=0, output_usd_per_mtok=1)
    policy = CostManagementPolicy(per_task_usd="0.00002")
    endpoint = Endpoint(target=Target(provider="p", model="m"), client=MockLLMClient("p"))
    budget = LedgerBudget(policy, MemoryLedger())
    setup = RouterSetup(endpoints=(endpoint,), prices=PriceBook([price]), budget=budget)
    support = TaskContext(task_type="support")
    with SyncRouter(LLMRouter(setup)) as router:
        task = TaskRequest(prompt="x", context=support, max_tokens=19)
        told = [router.execute(task) for _ in range(3)]
        assert router.costs.cost_summary().tasks["support"].calls == 3
        named = [router.execute(replace(task, id="7")), *told]
        with pytest.raises(BudgetExceeded, match="task:7"):
            router.execute(replace(task, id="7"))
    assert all(response.cost_cents == 100 * response.cost > 0 for response in named)


def test_synchronous_streams(mocked: SyncRouter) -> None:
    """A stream is a plain `for` loop, and can be left in the middle."""
    with mocked.stream("x") as stream:
        events = list(stream)
    assert TextDelta("one") in events and isinstance(events[-1], Finish)
    with mocked.stream("x") as stream:
        next(stream)
    assert mocked.route_with_fallback(["claude"], "x").text == "one"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_that_broke_is_told() -> None:
    """Nobody waits for ever for an answer that cannot come."""
    facade = SyncRouter(LLMRouter.with_mocks("claude"))

    def broken() -> None:
        raise KeyboardInterrupt

    facade._loop.call_soon_threadsafe(broken)
    facade._thread.join()
    with pytest.raises(RuntimeError, match="has ended by an error, and nobody could answer"):
        facade.complete("x")
    facade._loop.close()


def test_many_threads(mocked: SyncRouter) -> None:
    """Threads share one facade; each gets an answer of its own."""
    texts: list[str] = []
    threads = [
        threading.Thread(target=lambda: texts.append(mocked.complete("x").text)) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (texts.count("one"), texts.count("two")) == (10, 10)


def test_closed_facade() -> None:
    """A closed facade says that it is closed; closing twice is nothing."""
    facade = SyncRouter(LLMRouter.with_mocks())
    facade.close()
    facade.close()
    with pytest.raises(RuntimeError, match="is closed"):
        facade.complete("x")


def test_empty_router_says_how_to_fill_it(mocked: SyncRouter) -> None:
    """A router without providers tells how to get one."""
    with SyncRouter(LLMRouter()) as empty, pytest.raises(ConfigError, match="register_provider"):
        empty.complete("x", chain=["claude"])
    with SyncRouter(LLMRouter()) as empty, pytest.raises(NoTarget):
        empty.complete("x")


def test_registered_clients(mocked: SyncRouter) -> None:
    """Anything that satisfies the Protocol is a provider, at the price that it names."""

    class Own(MockLLMClient):
        pass

    client = Own("own", cost_per_1k_tokens=Decimal("0.002")).with_responses(["mine"])
    mocked.register_provider("own", client, quality=0.9)
    answer = mocked.complete("x", chain=["own"])
    assert (answer.text, answer.cost > 0) == ("mine", True)
    assert answer.usage is not None
    assert answer.cost == answer.usage.total * Decimal("0.000002")


class NoMethod(MockLLMClient):
    complete = None  # type: ignore[assignment]


class NoTime(MockLLMClient):
    async def complete(self, request: Any) -> Any:  # type: ignore[override]
        raise NotImplementedError


class NoYield(MockLLMClient):
    async def stream(self, request: Any, *, timeout_s: float | None = None) -> Any:
        return []


MISSHAPED = (
    (lambda: NoMethod("x"), r"its complete is no method: write async def complete\(self, request"),
    (lambda: NoTime("x"), r"its complete cannot be called so, .*'timeout_s'"),
    (lambda: NoYield("x"), "its stream is a coroutine: an async generator has a `yield` in it"),
)


def test_what_is_no_client(mocked: SyncRouter) -> None:
    """An object that lacks members, a field that no target has, a name taken: each is told."""
    with pytest.raises(ConfigError, match="lacks available, complete"):
        mocked.register_provider("x", object())  # type: ignore[arg-type]
    for made, says in MISSHAPED:
        with pytest.raises(ConfigError, match=says):
            mocked.register_provider("x", made())
    with pytest.raises(ConfigError, match="no 'qualty'"):
        mocked.register_provider("x", MockLLMClient("x"), qualty=1)
    with pytest.raises(ConfigError, match="two targets are called"):
        mocked.register_provider("claude", MockLLMClient("claude"))


def test_no_price_is_never_free(mocked: SyncRouter) -> None:
    """C2: a client whose price nobody knows is refused; with a price it is taken at that."""

    class Own:
        name, model, cost_per_1k_tokens, latency_ms, available = (
            "own",
            "secret",
            Decimal(0),
            0.0,
            True,
        )

        async def complete(self, request: Any, *, timeout_s: float | None = None) -> Any:
            raise NotImplementedError

        def stream(self, request: Any, *, timeout_s: float | None = None) -> Any:
            raise NotImplementedError

    with pytest.raises(UnknownPrice, match="no price of own/secret is known"):
        mocked.register_provider("own", Own())  # type: ignore[arg-type]
    price = Price(provider="own", input_usd_per_mtok="1", output_usd_per_mtok="2")
    mocked.register_provider("own", Own(), price=price)  # type: ignore[arg-type]
    bound = mocked.plan("x", chain=["own"], max_tokens=100).candidates[0].bound_pico
    assert bound is not None and bound > 200_000_000
