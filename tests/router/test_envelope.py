"""One envelope a call: its deadline, its money, and what all calls together may do."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from router.clients.base import ProviderFailure
from router.errors import (
    AllAttemptsFailed,
    BudgetExceeded,
    DeadlineExceeded,
    LedgerUnavailable,
    NoTarget,
    StreamInterrupted,
)
from router.events import CallEnded
from router.policy import BreakerPolicy, HedgePolicy, RetryBudgetPolicy, RetryPolicy, RouterPolicy
from router.types import Answer, TaskContext, TaskRequest, Timeouts

from .world import FakeBudget, FakeClient, FakePrices, Say, World, ask, fails, failure, read, run

OK = Say()


def test_retry_budget_is_shared() -> None:
    """When all calls' budget of retries is empty, a call fails with its cause instead."""
    policy = RouterPolicy(retry_budget=RetryBudgetPolicy(ratio=0.0, min_per_s=0.1))
    world = World(FakeClient("a", failure("server")), FakeClient("b", OK), policy=policy)

    async def main() -> list[str]:
        told = []
        for _ in range(3):
            try:
                told.append((await world.router.complete("x")).provider)
            except AllAttemptsFailed as error:
                told.append("retries over all calls is empty" in str(error) and "failed")
        return told

    assert run(main()) == ["failed", "failed", "failed"]
    assert world.asked() == {"a": 4, "b": 0}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_deadline(streamed: bool) -> None:
    """T1: a target that never answers is left when the deadline comes, and nothing stays held."""
    budget = FakeBudget()
    world = World(FakeClient("a", Say(after_s=1e6)), budget=budget)

    async def main() -> float:
        with pytest.raises(DeadlineExceeded) as caught:
            if streamed:
                await world.router.stream("x", deadline_s=3.0).collect()
            else:
                await world.router.complete("x", deadline_s=3.0)
        assert [a.outcome for a in caught.value.attempts] == ["deadline"]
        return asyncio.get_running_loop().time()

    assert run(main()) == 3.0
    assert (budget.held, len(world.costs.records)) == ({}, 1)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_slow_is_waited_for_without_alternative(streamed: bool) -> None:
    """T2: the timeout to the first token sends elsewhere, or it does not fire."""
    slow, limits = Say(after_s=20.0), {"timeouts": Timeouts(ttft_s=2.0, total_s=5.0)}
    alone = World(FakeClient("a", slow), targets={"a": limits})
    assert (read(alone) if streamed else ask(alone)).text == "Paris."
    both = World(FakeClient("a", slow), FakeClient("b", OK), targets={"a": limits})
    assert (read(both) if streamed else ask(both)).provider == "b"


def test_one_target_is_protected() -> None:
    """K3: in an outage of a single target, thirty calls in 15 s ask it five times and once more."""
    policy = RouterPolicy(retry=RetryPolicy(max_attempts=1))
    world = World(FakeClient("a", failure("server")), policy=policy)

    async def main() -> None:
        for _ in range(30):
            with pytest.raises((AllAttemptsFailed, NoTarget)):
                await world.router.complete("x")
            await asyncio.sleep(0.5)

    run(main())
    assert world.asked()["a"] == 5 + 1


def test_half_open_lets_one_through() -> None:
    """K2: of fifty calls at once at a half-open breaker one asks the target; the others go on."""
    world = World(FakeClient("a", Say(after_s=1.0)), FakeClient("b", OK))
    policy = RouterPolicy(
        retry=RetryPolicy(retries_per_target=0), breaker=BreakerPolicy(jitter=0.0)
    )
    world.router.reload(replace(world.setup, policy=policy))
    world.clients["a"].script = [*[failure("server")] * 5, Say(after_s=1.0)]

    async def main() -> int:
        for _ in range(5):
            await world.router.complete("x")
        await asyncio.sleep(5.0)
        await asyncio.gather(*(world.router.complete("x") for _ in range(50)))
        return world.clients["a"].open_most

    assert run(main()) == 1
    assert world.asked()["a"] == 5 + 1


def test_cancelled_calls_settle() -> None:
    """B3: a cancelled call leaves no hold, and its prompt is booked as an estimate."""
    budget = FakeBudget(slow_s=0.01)
    world = World(FakeClient("a", Say(after_s=9.0)), budget=budget)

    async def main() -> None:
        task = asyncio.ensure_future(world.router.complete("What is it?"))
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.wait({task})

    run(main())
    (record,) = world.costs.records
    assert (record.outcome, record.basis, budget.held) == ("cancelled", "estimated", {})


def test_cancelled_while_reserving() -> None:
    """A hold that was being made for a call that is cancelled is undone."""
    budget = FakeBudget(slow_s=5.0)
    world = World(FakeClient("a"), budget=budget)

    async def main() -> None:
        with pytest.raises(DeadlineExceeded):
            await world.router.complete("x", deadline_s=1.0)
        await asyncio.sleep(20.0)

    run(main())
    assert (budget.held, world.asked(), world.costs.records) == ({}, {"a": 0}, [])


def test_over_budget_asks_nobody() -> None:
    """A budget that does not admit the call is told before anything is sent."""
    world = World(FakeClient("a"), budget=FakeBudget(10))
    error = fails(world, BudgetExceeded)
    assert (error.scope, world.asked(), error.attempts) == ("test", {"a": 0}, ())


def test_second_hold_refused_tells_both() -> None:
    """When the hold of a fallback is refused, the error carries the failure before it."""
    world = World(
        FakeClient("a", failure("timeout_total")), FakeClient("b"), budget=FakeBudget(1030)
    )
    error = fails(world, BudgetExceeded)
    assert isinstance(error.__cause__, ProviderFailure)
    assert [a.outcome for a in error.attempts] == ["timeout_total"]


def test_downgrade_takes_the_cheaper() -> None:
    """Where the budget allows a downgrade, the first target that fits is asked."""
    prices = FakePrices({"a": 10, "b": 5, "c": 1})
    world = World(*map(FakeClient, "abc"), prices=prices, budget=FakeBudget(2000, mode="downgrade"))
    assert ask(world).provider == "c"


@pytest.mark.parametrize(("cents", "provider"), [(None, "a"), ("0.0000003", "b"), (0, None)])
def test_tasks_have_budgets(cents: Any, provider: str | None) -> None:
    """B2: a task's own budget admits what fits; 0 admits nothing and None everything."""
    budget_cents = Decimal(cents) if isinstance(cents, str) else cents
    context = TaskContext(budget_cents=budget_cents)
    world = World(FakeClient("a"), FakeClient("b"), prices=FakePrices({"a": 10}))
    task = TaskRequest(prompt="What is it?", context=context)
    if provider == "a":
        assert run(world.router.execute(task)).provider == "a"
    else:
        with pytest.raises(BudgetExceeded):
            run(world.router.execute(task))


def test_long_attempts_keep_their_hold() -> None:
    """The hold of an attempt that runs on is renewed every minute until it ends."""

    class Renewed(FakeBudget):
        times = 0

        async def renew(self, grant: Any) -> None:
            self.times += 1

    budget = Renewed()
    ask(World(FakeClient("a", Say(after_s=150.0)), budget=budget))
    assert budget.times == 2


def test_a_store_that_is_down_stops_the_call() -> None:
    """LedgerUnavailable is told before anything is sent, and the call has ended."""

    class Down(FakeBudget):
        async def reserve(self, claim: Any) -> Any:
            raise LedgerUnavailable("no connection")

    ended: list[Any] = []

    class Heard:
        def on_event(self, event: Any) -> None:
            ended.extend([event.outcome] if isinstance(event, CallEnded) else [])

    world = World(FakeClient("a"), budget=Down(), hooks=[Heard()])
    fails(world, LedgerUnavailable)
    assert (world.asked(), ended) == ({"a": 0}, ["ledger"])


def test_settling_is_tried_again() -> None:
    """An answer is not lost because the store was down for a moment; its hold is settled later."""

    class Shaky(FakeBudget):
        down = 2

        async def settle(self, grant: Any, record: Any) -> None:
            if self.down:
                self.down -= 1
                raise LedgerUnavailable("no connection")
            await FakeBudget.settle(self, grant, record)

    budget = Shaky()
    world = World(FakeClient("a"), budget=budget)

    async def main() -> str:
        answer = await world.router.complete("x")
        await world.router.aclose()
        return answer.text

    assert (run(main()), budget.held) == ("Paris.", {})


def test_throttled_in_an_outage() -> None:
    """With the throttle on, most calls of a long outage are refused here."""
    policy = RouterPolicy(
        retry=RetryPolicy(max_attempts=1),
        retry_budget=RetryBudgetPolicy(throttle_k=2.0),
        breaker=BreakerPolicy(consecutive=10**6, ratio_min=10**6),
    )
    world = World(FakeClient("a", failure("server")), policy=policy)

    async def main() -> None:
        for _ in range(100):
            with pytest.raises((AllAttemptsFailed, NoTarget)):
                await world.router.complete("x")

    run(main())
    assert 1 <= world.asked()["a"] <= 20


def test_waiting_for_an_open_breaker() -> None:
    """With `all_open="wait"` a call waits for the earliest target within its deadline."""
    policy = RouterPolicy(all_open="wait", breaker=BreakerPolicy(consecutive=1, jitter=0.0))
    world = World(FakeClient("a", failure("server"), Say()), policy=policy)

    async def main() -> float:
        await world.router.complete("x")
        return asyncio.get_running_loop().time()

    assert run(main()) == 5.0


def test_probing_when_all_are_open() -> None:
    """With `all_open="probe"` the least bad of several is asked, one call in a while."""
    breaker = BreakerPolicy(consecutive=1, jitter=0.0, open_base_s=10.0)
    retry = RetryPolicy(max_attempts=2, retries_per_target=0)
    policy = RouterPolicy(breaker=breaker, retry=retry)
    world = World(
        FakeClient("a", failure("server")), FakeClient("b", failure("server")), policy=policy
    )

    async def main() -> dict[str, int]:
        for _ in range(30):
            with pytest.raises((AllAttemptsFailed, NoTarget)):
                await world.router.complete("x")
            await asyncio.sleep(1.0)
        return world.asked()

    assert sum(run(main()).values()) <= 8


def test_streams_count_at_their_end() -> None:
    """K4: streams that break off open the breaker, though each began well; streams that the
    caller leaves do not."""
    cut = Say(text="Once upon a time.", fails=failure("stream_cut"), words_shown=2)
    world = World(FakeClient("a", *[Say(text="Once upon a time.")] * 8, cut))

    async def main() -> list[str]:
        for _ in range(8):
            async with world.router.stream("x") as stream:
                await anext(stream)
        phases = [world.router.plan("x").targets[0].provider]
        for _ in range(5):
            with pytest.raises(StreamInterrupted):
                await world.router.stream("x").collect()
        return [*phases, world.router.plan("x").skipped[0].refused]

    first, last = run(main())
    assert first == "a" and "breaker is open" in last


def test_calls_under_way_keep_their_setup() -> None:
    """A call that began before a reload goes on to the targets that it began with."""
    world = World(FakeClient("a", Say(after_s=1.0, fails=failure("auth"))), FakeClient("b"))

    async def main() -> str:
        task = asyncio.ensure_future(world.router.complete("x"))
        await asyncio.sleep(0.5)
        only_a = replace(world.setup, endpoints=world.setup.endpoints[:1])
        world.router.reload(only_a)
        return (await task).provider

    assert run(main()) == "b"


def test_whole_answers_are_hedged() -> None:
    """After the 95th percentile of its own latencies a slow target gets a rival; both are paid."""
    policy = RouterPolicy(hedge=HedgePolicy(enabled=True))
    world = World(
        FakeClient("a", *[Say(after_s=1.0)] * 20, Say(after_s=60.0)), FakeClient("b"), policy=policy
    )

    async def main() -> Answer:
        for _ in range(20):
            await world.router.complete("x")
        return await world.router.complete("x")

    answer = run(main())
    assert (answer.provider, [a.outcome for a in answer.attempts]) == ("b", ["hedge_lost", "ok"])
    slow, quick = answer.attempts
    assert quick.started_s == pytest.approx(slow.started_s + 1.0)


def test_a_deadline_ends_both_of_a_hedge() -> None:
    """When neither answers in time neither has lost: both ended with the call."""
    policy = RouterPolicy(hedge=HedgePolicy(enabled=True, delay_s=1.0))
    world = World(*(FakeClient(name, Say(after_s=60.0)) for name in "ab"), policy=policy)
    error = fails(world, DeadlineExceeded, deadline_s=5.0)
    assert [(a.outcome, a.latency_s) for a in error.attempts] == [
        ("deadline", 5.0),
        ("deadline", 4.0),
    ]
