"""Any faults at any time: what holds for the router over the fakes in every universe.

A dozen calls over a minute, some streamed, some left by their callers, while providers and the
network fail as Hypothesis draws it.
"""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any
from weakref import WeakKeyDictionary

import pytest

from fakeservers import Exchange, Simulation
from router.budget import Limit
from router.errors import CallFailed
from router.ledger.base import Scope
from router.policy import BreakerPolicy
from router.types import Timeouts
from tests.end_to_end.world import World, assert_same, wired

pytest.importorskip("hypothesis")

from pytest_llmsim.universes import sometimes, universes

CALLS = 12
EVERY_S = 5.0
DEADLINE_S = 30.0
HORIZON_S = CALLS * EVERY_S
QUICK = Timeouts(ttft_s=4, idle_s=4, total_s=10)
LIMIT = Limit(name="everything", usd="0.02")
SCOPE = Scope(name="everything", limit_pico=LIMIT.limit_pico)
EPSILON_S = 1e-6


class Told:
    """What became of each call: its attempts, and how long it took."""

    def __init__(self) -> None:
        self.attempts: dict[int, tuple[Any, ...]] = {}
        self.took_s: dict[int, float] = {}


async def one_call(world: World, number: int, told: Told) -> None:
    """A call whose prompt says its number; every third is streamed, every fifth is left early."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    prompt = f"Call {number}: tell me a story."
    ended: Any = None
    try:
        async with asyncio.timeout(2 if number % 5 == 4 else None):
            if number % 3 == 2:
                stream = world.router.stream(prompt, max_tokens=60, deadline_s=DEADLINE_S)
                ended = await stream.collect()
            else:
                ended = await world.router.complete(prompt, max_tokens=60, deadline_s=DEADLINE_S)
    except CallFailed as error:
        ended = error
    except TimeoutError:
        return
    finally:
        told.took_s[number] = loop.time() - began_s
    told.attempts[number] = ended.attempts


async def a_minute(world: World) -> Told:
    told = Told()

    async def later(number: int) -> None:
        await asyncio.sleep(number * EVERY_S)
        await one_call(world, number, told)

    await asyncio.gather(*(later(number) for number in range(CALLS)))
    await world.router.aclose()
    await asyncio.sleep(DEADLINE_S)
    return told


def at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing, as those of a ledger in memory."""
    with pytest.raises(StopIteration) as ended:
        work.send(None)
    return ended.value.value


def within(world: World) -> None:
    """B1: what is posted and held is within the limit."""
    summary = at_once(world.ledger.summary(SCOPE))
    assert summary.posted_pico + summary.held_pico <= LIMIT.limit_pico


def world_of(sim: Simulation) -> World:
    """Two providers and little patience; the limit is watched whenever the clock moves."""
    for fake in (sim.claude, sim.openai):
        fake.paces(ttft="300ms", tokens_per_s=50)
    world = wired(
        sim,
        "claude",
        "openai",
        limit=LIMIT,
        timeouts=QUICK,
        breaker=BreakerPolicy(open_base_s=1, open_cap_s=4),
    )
    sim.loop.watch(lambda _: within(world))
    return world


@universes(
    providers=["claude", "openai"],
    horizon_s=HORIZON_S,
    examples=40,
    reaches=["a fallback", "an estimate", "an error", "an exact amount"],
)
async def test_both_books_agree(sim: Simulation) -> None:
    """R1, B1, B3, C1, C3: every request that reached a fake is one attempt of its call, and what
    the router calls exact is billed so; nothing stays held, and records and rows add up."""
    world = world_of(sim)
    told = await a_minute(world)
    await books(world)
    records = {record.attempt_id: record for record in world.costs.records}
    lines = {(line.provider, line.number): line for line in sim.bill.lines}
    seen = by_call(sim)
    for number, attempts in told.attempts.items():
        for provider in ("claude", "openai"):
            sent = [a for a in attempts if a.provider == provider and a.certainty != "not_sent"]
            reached = seen[number, provider]
            # A silent network loses requests that the router has to take for sent.
            assert len(reached) <= len(sent)
            if len(reached) == len(sent):
                for exchange, attempt in zip(reached, sent, strict=True):
                    assert_same(lines[provider, exchange.number], records[attempt.id])
                    sometimes("an exact amount", attempt.basis == "exact")
        sometimes("a fallback", len({attempt.provider for attempt in attempts}) > 1)
        sometimes("an error", attempts and attempts[-1].outcome != "ok")
    sometimes("an estimate", any(record.basis == "estimated" for record in records.values()))


@universes(providers=["claude", "openai"], horizon_s=HORIZON_S, examples=30)
async def test_no_call_takes_longer_than_it_may(sim: Simulation) -> None:
    """T1, R2: deadlines hold, and nobody is asked before the time that it named."""
    told = await a_minute(world_of(sim))
    assert max(told.took_s.values()) <= DEADLINE_S + EPSILON_S
    attempts = [attempt for many in told.attempts.values() for attempt in many]
    for earlier, later in itertools.permutations(attempts, 2):
        if earlier.not_before_s is not None and earlier.target == later.target:
            assert not earlier.ended_s < later.started_s < earlier.not_before_s - EPSILON_S


async def a_call_works(sim: Simulation) -> None:
    assert (await WORLDS[sim].router.complete("Well again?", max_tokens=20)).text


WORLDS: "WeakKeyDictionary[Simulation, World]" = WeakKeyDictionary()


@universes(
    providers=["claude", "openai"],
    horizon_s=HORIZON_S,
    examples=30,
    recovers_within_s=30,
    probe=a_call_works,
)
async def test_all_is_well_again_soon(sim: Simulation) -> None:
    """Breakers and gates outlive no fault by more than half a minute."""
    WORLDS[sim] = world_of(sim)
    await a_minute(WORLDS[sim])


async def books(world: World) -> None:
    summary, rows = await world.ledger.summary(SCOPE), await world.ledger.rows(SCOPE)
    assert summary.held_pico == 0
    assert summary.posted_pico == sum(row.amount_pico for row in rows)
    assert summary.posted_pico == sum(record.amount_pico for record in world.costs.records)
    assert await world.ledger.audit() == ()


def by_call(sim: Simulation) -> dict[tuple[int, str], list[Exchange]]:
    """What reached the fakes, by the number in its prompt and by provider."""
    found: dict[tuple[int, str], list[Exchange]] = defaultdict(list)
    for exchange in sim.journal:
        _, _, rest = exchange.prompt.partition("Call ")
        if number := rest.partition(":")[0]:
            found[int(number), exchange.provider].append(exchange)
    return found
