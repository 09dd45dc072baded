"""Any failures in any order: what holds for every call, whatever its providers do.

Hypothesis draws what each provider answers, how slowly, and when the caller loses patience.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.budget import CostManagementPolicy, LedgerBudget, Limit
from router.errors import ERROR_CLASSES, CallFailed, StreamInterrupted
from router.ledger.memory import MemoryLedger
from router.money import usd_from_pico
from router.policy import BreakerPolicy, HedgePolicy, RetryPolicy, RouterPolicy, StreamPolicy
from router.types import (
    Answer,
    Attempt,
    Capabilities,
    Finish,
    Gap,
    Noise,
    Started,
    StreamEvent,
    StreamReset,
    TextDelta,
    Timeouts,
    Usage,
)
from tests.router.world import (
    EPOCH_S,
    FakeBudget,
    FakeClient,
    Say,
    VirtualClock,
    World,
    failure,
    run,
)

FAILING = [name for name, row in ERROR_CLASSES.items() if row.settle != "exact"]
MID_STREAM = ["stream_cut", "stream_inband", "protocol_bad", "reset_early"]
EPSILON_S = 1e-6


@st.composite
def failures(draw: st.DrawFn) -> Any:
    name = draw(st.sampled_from(FAILING))
    certainty = draw(st.sampled_from(["not_sent", "possibly_accepted", "response_started"]))
    after_s = draw(st.sampled_from([None, 0.5, 3.0, 20.0, 400.0])) if name in LIMITS else None
    return failure(name, certainty=certainty, retry_after_s=after_s)


LIMITS = ("rate_limit", "overloaded", "server")
answers = st.builds(
    Say,
    text=st.sampled_from(["", "Paris.", "It is Paris of course."]),
    after_s=st.sampled_from([0.0, 0.1, 4.0, 40.0]),
    gap_s=st.sampled_from([0.0, 0.2, 15.0]),
    finish=st.sampled_from(["stop", "stop", "stop", "length", "refusal", None]),
    usage=st.sampled_from([Usage(input=7, output=3), None]),
    fails=st.sampled_from([None, None, *(failure(name) for name in MID_STREAM)]),
    words_shown=st.integers(0, 3),
    before=st.sampled_from([(), (Started(), Noise()), (Noise(kind="malformed"),) * 9, (Gap(),)]),
    gap_before_word=st.sampled_from([None, None, 1]),
)
scripts = st.lists(st.one_of(answers, failures()), min_size=1, max_size=4)
worlds = st.fixed_dictionaries(
    {
        "scripts": st.lists(scripts, min_size=1, max_size=3),
        "streamed": st.booleans(),
        "deadline_s": st.sampled_from([0.5, 5.0, 60.0, 3000.0]),
        "patience_s": st.sampled_from([None, None, 0.05, 3.0, 30.0]),
        "limit_pico": st.sampled_from([*[10**9] * 6, 3000, 0]),
        "slow_s": st.sampled_from([0.0, 0.0, 0.01]),
        "calls": st.integers(1, 4),
        "mode": st.sampled_from(["terminate", "restart", "continue"]),
        "all_open": st.sampled_from(["probe", "wait", "fail"]),
        "hedge": st.booleans(),
        "seed": st.integers(0, 5),
    }
)


class Told:
    """What one call came to, and what its caller saw of it."""

    def __init__(self) -> None:
        self.events: list[StreamEvent] = []
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.took_s = 0.0

    @property
    def attempts(self) -> Sequence[Attempt]:
        if self.answer is not None:
            return self.answer.attempts
        return self.error.attempts if isinstance(self.error, CallFailed) else ()


async def one_call(world: World, drawn: dict[str, Any]) -> Told:
    told, loop = Told(), asyncio.get_running_loop()
    started_s = loop.time()
    try:
        async with asyncio.timeout(drawn["patience_s"]):
            keywords: Any = {"deadline_s": drawn["deadline_s"]}
            if drawn["streamed"]:
                async with world.router.stream("What is it?", **keywords) as stream:
                    async for event in stream:
                        told.events.append(event)
                    told.answer = stream.answer
            else:
                told.answer = await world.router.complete("What is it?", **keywords)
    except (CallFailed, TimeoutError) as error:
        told.error = error
    told.took_s = loop.time() - started_s
    return told


def play(drawn: dict[str, Any], budget: Any = None) -> tuple[World, list[Told]]:
    policy = RouterPolicy(
        retry=RetryPolicy(max_attempts=5),
        breaker=BreakerPolicy(consecutive=2),
        stream=StreamPolicy(mode=drawn["mode"]),
        all_open=drawn["all_open"],
        hedge=HedgePolicy(enabled=drawn["hedge"], delay_s=1.0),
        opt_in=frozenset({"refusal"}),
    )
    clients = [FakeClient("abc"[n], *script) for n, script in enumerate(drawn["scripts"])]
    target = {
        "timeouts": Timeouts(ttft_s=2.0, idle_s=10.0, total_s=30.0),
        "capabilities": Capabilities(prefill=True),
    }
    world = World(
        *clients,
        policy=policy,
        targets={client.name: target for client in clients},
        budget=budget or FakeBudget(drawn["limit_pico"], slow_s=drawn["slow_s"]),
        seed=drawn["seed"],
    )
    return world, run(_all_calls(world, drawn))


async def _all_calls(world: World, drawn: dict[str, Any]) -> list[Told]:
    calls = (one_call(world, drawn) for _ in range(drawn["calls"]))
    told = await asyncio.gather(*calls)
    await world.router.aclose()
    await asyncio.sleep(60.0)
    return list(told)


@settings(max_examples=250)
@given(worlds)
def test_every_attempt_is_booked_once(drawn: dict[str, Any]) -> None:
    """R1, C3, B3, B4: as many attempts as requests, one record each, and nothing stays held."""
    world, _ = play(drawn)
    asked = sum(world.asked().values())
    assert asked == len(world.costs.records) == len({r.attempt_id for r in world.costs.records})
    assert world.budget is not None and world.budget.held == {}
    booked = {k: r for k, r in world.budget.posted.items() if r.outcome != "not_dispatched"}
    assert booked == {record.attempt_id: record for record in world.costs.records}
    assert all(client.open == 0 for client in world.clients.values())


@settings(max_examples=150)
@given(worlds)
def test_one_envelope_for_all_attempts(drawn: dict[str, Any]) -> None:
    """T1, C4: no call takes longer than its deadline or more attempts than it may, and the
    attempts' costs add up to the call's."""
    _, calls = play(drawn)
    for told in calls:
        assert told.took_s <= drawn["deadline_s"] + EPSILON_S
        assert len(told.attempts) <= 5
        if told.answer is not None:
            assert told.answer.cost_pico == sum(a.cost_pico for a in told.answer.attempts)


@settings(max_examples=150)
@given(worlds)
def test_never_earlier_than_told(drawn: dict[str, Any]) -> None:
    """R2: no attempt begins at a target before the time that an earlier answer of it named."""
    _, calls = play(drawn)
    for told in calls:
        for earlier, later in itertools.combinations(told.attempts, 2):
            if earlier.not_before_s is not None and earlier.target == later.target:
                assert later.started_s >= earlier.not_before_s - EPSILON_S
    attempts = [attempt for told in calls for attempt in told.attempts]
    for earlier, later in itertools.permutations(attempts, 2):
        if earlier.not_before_s is not None and earlier.target == later.target:
            assert not earlier.ended_s < later.started_s < earlier.not_before_s - EPSILON_S


@settings(max_examples=150)
@given(worlds)
def test_a_stream_is_one_answer(drawn: dict[str, Any]) -> None:
    """F1, F5: what the caller saw since the last reset is the answer, word for word, and an
    answer has an end that its provider sent."""
    _, calls = play({**drawn, "streamed": True})
    for told in calls:
        shown = told.events
        for number, event in enumerate(told.events):
            if isinstance(event, StreamReset):
                shown = told.events[number + 1 :]
        text = "".join(e.text for e in shown if isinstance(e, TextDelta))
        finished = [e for e in shown if isinstance(e, Finish)]
        if told.answer is not None:
            assert (told.answer.text, len(finished)) == (text, 1)
            assert told.answer.gaps == sum(isinstance(e, Gap) for e in shown)
        if isinstance(told.error, StreamInterrupted):
            assert (told.error.partial.text, finished) == (text, [])
            assert told.error.partial.finish_reason is None


@settings(max_examples=100)
@given(worlds)
def test_the_same_seed_is_the_same_run(drawn: dict[str, Any]) -> None:
    """Time, randomness and order come from what is handed in: two runs do not differ."""
    first, second = (
        [[replace(a, id="") for a in told.attempts] for told in play(drawn)[1]] for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("mode", ["strict", "clamp", "downgrade", "queue", "soft", "observe"])
@settings(max_examples=40)
@given(drawn=worlds)
def test_the_ledger_agrees(mode: Any, drawn: dict[str, Any]) -> None:
    """B1, B3, B4: with a real budget in any mode nothing stays held, the account is the sum of
    its rows and of the records, and a strict limit is kept."""
    ledger = MemoryLedger(wall=lambda: EPOCH_S)
    limit = Limit(name="total", usd=usd_from_pico(drawn["limit_pico"]))
    policy = CostManagementPolicy(limits=(limit,), mode=mode)
    budget = LedgerBudget(policy, ledger, clock=VirtualClock(), wall=lambda: EPOCH_S)
    world, _ = play(drawn, budget)
    scope = limit.account("", EPOCH_S, mode)
    account, rows = run(ledger.summary(scope)), run(ledger.rows(scope))
    assert account.held_pico == 0
    assert account.posted_pico == sum(row.amount_pico for row in rows)
    assert account.posted_pico == sum(record.amount_pico for record in world.costs.records)
    assert {type(amount) for row in rows for amount in (row.amount_pico, row.hold_pico)} <= {int}
    assert mode != "strict" or account.posted_pico <= drawn["limit_pico"]
