"""Plans: who is suited, in which order, and the reasons given."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from router.errors import ConfigError, UnknownProvider
from router.policy import Group, RouterPolicy, TaskRule
from router.pricing import Price, PriceBook
from router.router import LLMRouter
from router.types import Capabilities, Image, Message, OutputSchema, Plan, TaskContext, Text, Tool

from ..world import FakeClient, FakePrices, Say, World, failure, run

PRICES = FakePrices({"a": 4, "b": 1, "c": 2})


def world_of(names: str = "abc", **options: Any) -> World:
    return World(*(FakeClient(name) for name in names), **{"prices": PRICES, **options})


def plan_of(world: World, prompt: Any = "What is it?", **keywords: Any) -> Plan:
    async def main() -> Plan:
        return world.router.plan(prompt, **keywords)

    return run(main())


def names_of(plan: Plan) -> str:
    return "".join(target.provider for target in plan.targets)


def test_cheapest_for_this_request() -> None:
    """By the expected cost of this very request, which the reason names."""
    plan = plan_of(world_of(), strategy="cheapest")
    assert names_of(plan) == "bca"
    assert plan.candidates[0].reasons == ("expected to cost $0.000000000122",)
    assert plan.candidates[0].bound_pico == 1022


def test_weights_are_kept() -> None:
    """Weighted choice follows the weights; what weighs nothing is asked last."""
    weights = {"a": {"weight": 3.0}, "b": {"weight": 1.0}, "c": {"weight": 0.0}}
    world = world_of(targets=weights, policy=RouterPolicy(strategy="weighted"))
    plans = [names_of(plan_of(world)) for _ in range(800)]
    first = Counter(plan[0] for plan in plans)
    assert 540 <= first["a"] <= 660 and all(plan[2] == "c" for plan in plans)


def test_price_power_prefers_the_cheap() -> None:
    """Half the price is four times the chance."""
    world = world_of("bc", policy=RouterPolicy(strategy="price_power"))
    first = Counter(names_of(plan_of(world))[0] for _ in range(500))
    assert 360 <= first["b"] <= 440


def test_quality_first() -> None:
    """The best model first, of equals the cheaper."""
    targets = {"a": {"quality": 0.9}, "b": {"quality": 0.5}, "c": {"quality": 0.9}}
    assert names_of(plan_of(world_of(targets=targets), strategy="quality")) == "cab"


def test_latency_learns() -> None:
    """The slow one of two is left to the quick one once both were measured."""
    slow, quick = FakeClient("a", Say(after_s=3.0)), FakeClient("b", Say(after_s=0.1))
    world = World(slow, quick, policy=RouterPolicy(strategy="latency"))

    async def main() -> None:
        for name in "ab":
            await world.router.complete("x", chain=[name])
        for _ in range(20):
            assert (await world.router.complete("x")).provider == "b"

    run(main())


def test_least_busy() -> None:
    """Of three calls at once each goes to another target."""
    world = World(
        *(FakeClient(name, Say(after_s=1.0)) for name in "abc"),
        policy=RouterPolicy(strategy="least_busy"),
    )

    async def main() -> None:
        await asyncio.gather(*(world.router.complete("x") for _ in range(3)))

    run(main())
    assert world.asked() == {"a": 1, "b": 1, "c": 1}


def test_rate_headroom() -> None:
    """The target with the larger part of its rate left comes first, and none goes over it."""
    targets = {"a": {"rpm_max": 2}, "b": {"rpm_max": 4}}
    world = world_of("ab", targets=targets, policy=RouterPolicy(strategy="rate_headroom"))

    async def main() -> None:
        for _ in range(6):
            await world.router.complete("x")
        assert "no room" in world.router.plan("x").skipped[0].refused

    run(main())
    assert world.asked() == {"a": 2, "b": 4}


def test_own_strategies() -> None:
    """A program adds a strategy by name."""

    def backwards(endpoints: Any, view: Any) -> Any:
        return [(endpoint, "backwards") for endpoint in reversed(endpoints)]

    router = LLMRouter(world_of().setup, strategies={"backwards": backwards})
    assert names_of(router.plan("x", strategy="backwards")) == "cba"
    with pytest.raises(ConfigError, match="backwards"):
        router.plan("x", strategy="forwards")


NEEDS = {
    "tools": {"tools": [Tool(name="f")]},
    "structured_output": {"output": OutputSchema(schema={})},
    "n": {"n": 2},
}


@pytest.mark.parametrize("capability", [*NEEDS, "images", "prefill"])
def test_capabilities(capability: str) -> None:
    """A target that cannot do what a request needs is passed over, with the reason."""
    all_but = Capabilities(**{"prefill": True, "n": True, capability: False})
    every = Capabilities(prefill=True, n=True)
    world = world_of("ab", targets={"a": {"capabilities": all_but}, "b": {"capabilities": every}})
    prompt: Any = "What is it?"
    if capability == "images":
        prompt = Message.user(Text("What is it?"), Image(data=b"png"))
    if capability == "prefill":
        prompt = [Message.user("What is it?"), Message.assistant("It is")]
    plan = plan_of(world, prompt, **NEEDS.get(capability, {}))
    assert names_of(plan) == "b"
    assert plan.skipped[0].refused == f"cannot do {capability.replace('_', ' ')}"


def test_windows_tags_and_costs() -> None:
    """Too small a window, a missing tag, too high a cost: each is a reason."""
    targets = {
        "a": {"context_tokens_max": 10, "tags": {"eu"}},
        "b": {},
        "c": {"tags": {"eu"}},
        "d": {"tags": {"eu"}},
    }
    plan = plan_of(
        world_of("abcd", targets=targets, prices=FakePrices({"c": 100})),
        "word " * 100,
        required_tags=["eu"],
        cost_max_usd="0.00000001",
    )
    told = {c.target.provider: c.refused for c in plan.skipped}
    assert names_of(plan) == "d"
    assert "over its window 10" in told["a"]
    assert told["b"] == "lacks the tag eu" and "could cost" in told["c"]


RULES = (
    TaskRule(group="code", task_types=frozenset({"code"})),
    TaskRule(group="c", complexity_min=0.8),
    TaskRule(group="b", latency_ms_max=100.0),
)
GROUPS = (Group(name="code", members=("c", "b"), strategy="order"),)


@pytest.mark.parametrize(
    ("context", "names"),
    [
        (TaskContext(task_type="code"), "cb"),
        (TaskContext(complexity=0.9), "c"),
        (TaskContext(latency_required_ms=50.0), "b"),
        (TaskContext(task_type="talk"), "abc"),
    ],
    ids=["type", "complexity", "latency", "none"],
)
def test_rules(context: TaskContext, names: str) -> None:
    """The first rule that a task matches names its group; without one all are asked."""
    world = world_of(rules=RULES, groups=GROUPS)
    assert names_of(plan_of(world, context)) == names


@pytest.mark.parametrize(
    ("context", "first"),
    [
        (TaskContext(quality_requirement=0.8), "a"),
        (TaskContext(latency_required_ms=200.0), "b"),
        (TaskContext(domain="law"), "c"),
        (TaskContext(complexity=0.9), "a"),
        (TaskContext(complexity=0.1), "b"),
    ],
    ids=["quality", "latency", "domain", "complex", "simple"],
)
def test_needs_without_rules(context: TaskContext, first: str) -> None:
    """Quality, speed, domain and complexity bear on the order where no rule decides."""
    targets = {
        "a": {"quality": 0.9, "latency_ms": 900.0},
        "b": {"quality": 0.3, "latency_ms": 100.0},
        "c": {"quality": 0.5, "latency_ms": 900.0, "domains": {"law"}},
    }
    world = world_of(targets=targets)

    async def main() -> str:
        return world.router.route(context)

    assert run(main()) == first


def test_fallback_targets_last() -> None:
    """A target that is only a fallback is asked when nothing else is left, whatever it costs."""
    world = world_of(targets={"b": {"fallback": True}})
    assert names_of(plan_of(world, strategy="cheapest")) == "cab"


def test_sticky() -> None:
    """A prompt that begins as an earlier one goes where that was answered."""
    policy = RouterPolicy(sticky=True)
    clients = FakeClient("a", failure("overloaded"), failure("overloaded"), Say()), FakeClient("b")
    world = World(*clients, policy=policy)

    async def main() -> list[str]:
        system = "You are a long prompt."
        asked = [await world.router.complete("x", system=system) for _ in range(2)]
        asked.append(await world.router.complete("x", system="Another one."))
        return [answer.provider for answer in asked]

    assert run(main()) == ["b", "b", "a"]


def test_unavailable_targets_are_told() -> None:
    """A plan shows targets that cannot be asked now, and until when."""
    limited = FakeClient("a", failure("rate_limit", retry_after_s=30.0, scope="tokens"))
    world = World(limited, FakeClient("b"), FakeClient("c", available=False))

    async def main() -> Plan:
        await world.router.complete("x")
        return world.router.plan("x")

    told = {c.target.provider: c.refused for c in run(main()).skipped}
    assert told["a"] == "its limit of tokens is closed for 30.000 s"
    assert "not available" in told["c"]


def test_bad_names_and_keywords() -> None:
    """Wrong names and keywords are errors that name the nearest right one."""
    world = world_of()
    with pytest.raises(UnknownProvider, match="There are: a, b, c"):
        plan_of(world, group="nobody")
    with pytest.raises(TypeError, match="did you mean 'max_tokens'"):
        plan_of(world, max_token=3)
    with pytest.raises(ConfigError, match="chain is empty"):
        plan_of(world, chain=[])
    with pytest.raises(ConfigError, match=r"write chain=\['a'\]"):
        plan_of(world, chain="a")


def test_bounds_are_the_requests_own() -> None:
    """What a call may cost at most follows its max_tokens, also where the target allows more."""
    price = Price(provider="a", input_usd_per_mtok=0, output_usd_per_mtok=10)
    targets = {"a": {"output_tokens_max": 10**6}}
    world = World(FakeClient("a"), targets=targets, prices=PriceBook([price]))
    assert plan_of(world, max_tokens=100).candidates[0].bound_pico == 10 * 10**6 * 100
