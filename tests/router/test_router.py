"""The loop: who is asked after what, and what the caller gets."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from router.clients.base import ProviderFailure
from router.errors import (
    ERROR_CLASSES,
    AllAttemptsFailed,
    BudgetExceeded,
    DeadlineExceeded,
    LedgerUnavailable,
    NoTarget,
    UnknownProvider,
)
from router.events import CallEnded
from router.policy import BreakerPolicy, RetryBudgetPolicy, RetryPolicy, RouterPolicy
from router.types import Answer, Capabilities, Message, TaskContext, TaskRequest, Timeouts, Tool

from .world import FakeBudget, FakeClient, FakePrices, Say, World, failure, run

OK = Say()
# How often the first of two targets is asked when it always fails so, and the second, which works.
ASKED = {
    "connect": (3, 1),
    "reset_early": (2, 1),
    "timeout_ttft": (1, 1),
    "timeout_total": (1, 1),
    "timeout_idle": (2, 1),
    "stream_cut": (2, 1),
    "stream_inband": (2, 1),
    "protocol_bad": (2, 1),
    "rate_limit": (1, 1),
    "quota": (1, 1),
    "billing": (1, 1),
    "overloaded": (2, 1),
    "server": (3, 1),
    "gateway_timeout": (3, 1),
    "auth": (1, 1),
    "permission": (1, 1),
    "not_found": (1, 1),
    "context_window": (1, 1),
    "content_policy": (1, 0),
    "bad_request": (1, 0),
    "unsupported": (1, 1),
}


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


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", ASKED)
def test_decision_table(name: str, streamed: bool) -> None:
    """Each class of failure asks the same target again and the next one as its line says."""
    world = World(FakeClient("a", failure(name)), FakeClient("b", OK))
    first, second = ASKED[name]
    if second:
        assert (read(world) if streamed else ask(world)).provider == "b"
    else:
        with pytest.raises(AllAttemptsFailed, match=name):
            _ = read(world) if streamed else ask(world)
    assert world.asked() == {"a": first, "b": second}


def test_decision_table_is_whole() -> None:
    """Every class that a client can raise stands in the table above."""
    of_answers = {"refusal", "content_filter", "length", "empty"}
    assert set(ASKED) == set(ERROR_CLASSES) - of_answers


@pytest.mark.parametrize("name", ASKED)
def test_costs_of_failures(name: str) -> None:
    """A failure costs nothing, or its prompt as an estimate, as its line says."""
    world = World(FakeClient("a", failure(name)))
    fails(world, AllAttemptsFailed)
    expected = {"void": ("void", 0), "input": ("estimated", 22), "seen": ("estimated", 22)}
    record = world.costs.records[0]
    assert (record.basis, record.amount_pico) == expected[ERROR_CLASSES[name].settle]


def test_every_target_gets_its_turn() -> None:
    """Of four attempts over three targets none is spent on a retry that would cost the last
    target its only one."""
    down = failure("server")
    world = World(FakeClient("a", down), FakeClient("b", down), FakeClient("c", OK))
    assert ask(world).provider == "c"
    assert world.asked() == {"a": 2, "b": 1, "c": 1}


def test_attempts_are_counted_over_the_chain() -> None:
    """Four attempts in all, however many targets there are."""
    world = World(*(FakeClient(name, failure("server")) for name in "abcdef"))
    error = fails(world, AllAttemptsFailed)
    assert [a.provider for a in error.attempts] == ["a", "b", "c", "d"]


def test_the_cause_is_the_best_targets() -> None:
    """The error's cause is the last failure of the target that was ranked best."""
    world = World(
        FakeClient("a", failure("overloaded", status=529)), FakeClient("b", failure("auth"))
    )
    error = fails(world, AllAttemptsFailed)
    assert (error.cause_class, error.__cause__.status) == ("overloaded", 529)
    assert "b/b-model: auth" in str(error)


def test_nothing_is_waited_for_after_the_last() -> None:
    """R3: when no attempt is left the error comes at once."""
    world = World(
        FakeClient("a", failure("server")), policy=RouterPolicy(retry=RetryPolicy(max_attempts=1))
    )

    async def main() -> float:
        with pytest.raises(AllAttemptsFailed):
            await world.router.complete("x")
        return asyncio.get_running_loop().time()

    assert run(main()) == 0.0


def test_retry_after_is_waited_for_where_nothing_else_is() -> None:
    """R2: a single target is asked again when its time has come, not before and not much later."""
    limited = failure("rate_limit", retry_after_s=7.5, scope="tokens")
    world = World(FakeClient("a", limited, OK))
    ask(world)
    assert 7.5 <= world.clients["a"].asked_s[1] <= 7.5 + 0.25


def test_a_long_retry_after_is_not_waited_for() -> None:
    """Beyond wait_s_max the call fails at once, and says when the limit opens."""
    world = World(FakeClient("a", failure("rate_limit", retry_after_s=3600.0)))
    error = fails(world, AllAttemptsFailed)
    assert error.attempts[0].not_before_s == 3600.0
    assert world.asked() == {"a": 1}


def test_other_calls_keep_off_a_limited_target() -> None:
    """What one call was told of a limit holds for all."""
    world = World(
        FakeClient("a", failure("rate_limit", retry_after_s=60.0), OK), FakeClient("b", OK)
    )

    async def main() -> list[str]:
        answers = [await world.router.complete("x") for _ in range(3)]
        await asyncio.sleep(60.0)
        answers.append(await world.router.complete("x"))
        return [answer.provider for answer in answers]

    assert run(main()) == ["b", "b", "b", "a"]


def test_another_key_first() -> None:
    """When a key is refused, the same model behind another key comes before other models."""
    keys = {"one": {"key_id": "1"}, "two": {"key_id": "2"}}
    one, other, two = FakeClient("one", failure("auth")), FakeClient("other"), FakeClient("two")
    world = World(one, other, two, targets=keys)
    same = [
        replace(e, target=replace(e.target, provider="p", model="m")) if e.target.key_id else e
        for e in world.setup.endpoints
    ]
    world.router.reload(replace(world.setup, endpoints=tuple(same)))
    assert ask(world).provider == "p"
    assert world.asked() == {"one": 1, "other": 0, "two": 1}


def test_larger_windows_only() -> None:
    """After a prompt was too long only targets with a larger window are asked."""
    windows = {
        "a": {"context_tokens_max": 50},
        "b": {"context_tokens_max": 40},
        "c": {"context_tokens_max": 90},
    }
    clients = [FakeClient(name, failure("context_window") if name == "a" else OK) for name in "abc"]
    world = World(*clients, targets=windows)
    assert ask(world).provider == "c"
    assert world.asked()["b"] == 0


def test_refusals_fall_back_where_opted_in() -> None:
    """A refusal is the answer, unless refusals are to fall back; then both are paid for."""
    refusing = Say(text="I cannot.", finish="refusal")
    plain = World(FakeClient("a", refusing), FakeClient("b", OK))
    assert ask(plain).finish_reason == "refusal"
    opted = World(
        FakeClient("a", refusing),
        FakeClient("b", OK),
        policy=RouterPolicy(opt_in=frozenset({"refusal"})),
    )
    answer = ask(opted)
    assert (answer.provider, answer.cost_pico) == ("b", 88)


def test_a_refusal_is_better_than_nothing() -> None:
    """When what a refusal fell back to fails, the refusal is the answer."""
    policy = RouterPolicy(opt_in=frozenset({"refusal"}))
    world = World(
        FakeClient("a", Say(finish="refusal")), FakeClient("b", failure("auth")), policy=policy
    )
    answer = ask(world)
    assert (answer.provider, answer.finish_reason, len(answer.attempts)) == ("a", "refusal", 2)


def test_fallbacks_of_a_class() -> None:
    """A class with fallbacks of its own goes there first."""
    policy = RouterPolicy(fallbacks={"content_policy": ("c",)})
    world = World(
        FakeClient("a", failure("content_policy")), FakeClient("b"), FakeClient("c"), policy=policy
    )
    assert ask(world).provider == "c"


def test_empty_answers_are_failures() -> None:
    """A 200 without content is asked for once more, then elsewhere; each is paid for."""
    world = World(FakeClient("a", Say(text="")), FakeClient("b", OK))
    answer = ask(world)
    assert [a.outcome for a in answer.attempts] == ["empty", "empty", "ok"]
    assert answer.cost_pico == 3 * 44


def test_a_client_that_breaks_is_a_failure() -> None:
    """An exception that no client may raise is a failure like another; the next target answers."""

    async def broken() -> Say:
        raise KeyError("choices")

    answer = ask(World(FakeClient("a", broken), FakeClient("b", OK)))
    assert [a.outcome for a in answer.attempts] == ["protocol_bad", "protocol_bad", "ok"]


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


def test_chain_is_the_order() -> None:
    """route_with_fallback asks those named, in that order, and no other."""
    world = World(FakeClient("a"), FakeClient("b", failure("auth")), FakeClient("c"))
    answer = run(world.router.route_with_fallback(["b", "c"], "x"))
    assert [a.provider for a in answer.attempts] == ["b", "c"]


def test_unknown_names_are_told() -> None:
    """A name that no provider has is an error that names the nearest, before anything is asked."""
    world = World(FakeClient("claude"), FakeClient("openai"))
    with pytest.raises(UnknownProvider, match="did you mean 'claude'"):
        ask(world, chain=["cluade"])


def test_what_no_target_can_do() -> None:
    """A request that no target can take says of each why not."""
    world = World(FakeClient("a"), targets={"a": {"capabilities": Capabilities(tools=False)}})
    error = fails(world, NoTarget, tools=[Tool(name="f")])
    assert "a/a-model cannot do tools" in str(error)


def test_prompts_of_any_kind() -> None:
    """A string, a message and a list of messages ask the same."""
    world = World(FakeClient("a"))
    for prompt in ("Hi?", Message.user("Hi?"), [Message.user("Hi?")]):
        run(world.router.complete(prompt))  # type: ignore[arg-type]
    texts = {request.messages[0].text for request in world.clients["a"].asked}
    assert (texts, len(world.clients["a"].asked)) == ({"Hi?"}, 3)


def test_reload_keeps_state() -> None:
    """After a reload an open breaker is still open, and the version has grown."""
    world = World(FakeClient("a", failure("connect", certainty="not_sent")), FakeClient("b"))

    async def main() -> tuple[str, int]:
        for _ in range(3):
            await world.router.complete("x")
        world.router.reload(world.setup)
        plan = world.router.plan("x")
        return plan.skipped[0].refused, plan.version

    refused, version = run(main())
    assert ("breaker is open" in refused, version) == (True, 2)


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


def test_asked_to_wait_is_left_for_others() -> None:
    """An overloaded target that names a time is not waited for while another can answer."""
    world = World(FakeClient("a", failure("overloaded", retry_after_s=20.0)), FakeClient("b"))

    async def main() -> tuple[str, float]:
        answer = await world.router.complete("x")
        return answer.provider, asyncio.get_running_loop().time()

    assert run(main()) == ("b", 0.0)


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


def test_fallbacks_must_be_suited() -> None:
    """A target named for a class of failure is not asked for what it cannot do."""
    policy = RouterPolicy(fallbacks={"content_policy": ("b", "c")})
    cannot = {"capabilities": Capabilities(tools=False)}
    clients = FakeClient("a", failure("content_policy")), FakeClient("b"), FakeClient("c")
    world = World(*clients, policy=policy, targets={"b": cannot})
    assert ask(world, tools=[Tool(name="f")]).provider == "c"
