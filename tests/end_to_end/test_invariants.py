"""What must hold whatever the providers do: the router's invariants, each in one test that reads
like its sentence. The real router over the real fakes in virtual time."""

import asyncio
from base64 import b64decode
from decimal import Decimal
from typing import Any

import pytest

from fakeservers import (
    Simulation,
    cut,
    garbage,
    http_error,
    overloaded,
    rate_limited,
    refused,
    reset,
    simulate,
    slow_first_byte,
    stall,
    text,
)
from router.budget import Limit
from router.errors import AllAttemptsFailed, BudgetExceeded, CallFailed, StreamInterrupted
from router.ledger.base import Settlement
from router.policy import HedgePolicy, RetryPolicy, StreamPolicy
from router.types import Finish, Gap, Image, Message, StreamReset, Text, TextDelta, Timeouts

from .world import MODELS, World, agreed, balanced, fake_of, wired

PROMPT = "What is the capital of France?"
SYNTAXES = ["seconds", "date", "ms", "x-ms"]
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
STORY = text("Once upon a time.", chunks=["Once ", "upon ", "a ", "time."])


async def all_of(world: World, count: int, **keywords: Any) -> list[Any]:
    """Many calls at once: their answers, or the errors in their place."""
    calls = [world.router.complete(f"{PROMPT} ({n})", **keywords) for n in range(count)]
    return await asyncio.gather(*calls, return_exceptions=True)


def settled(sim: Simulation, world: World) -> None:
    sim.run(world.router.aclose())
    balanced(world)


# --- money -------------------------------------------------------------------------------------


@pytest.mark.parametrize("clients", [["claude"], ["openai", "claude"], ["gemini", "openai"]])
def test_b1_a_strict_limit_is_kept_by_a_thousand_calls_at_once(clients: list[str]) -> None:
    """Whatever the order in which they end: no pico-dollar over it, and the fakes' own bill is
    what the ledger says, to the last one."""
    limit = Limit(name="everything", usd="0.005")
    with simulate() as sim:
        world = wired(sim, *clients, limit=limit)
        sim[clients[0]].fails(overloaded(), rate=0.2)
        sim[clients[0]].paces(ttft="200ms", tokens_per_s=200)
        told = sim.run(lambda: all_of(world, 1000, max_tokens=100, deadline_s=60))
        settled(sim, world)
        refused_by_budget = [one for one in told if isinstance(one, BudgetExceeded)]
        assert 0 < len(refused_by_budget) < 1000
        assert sim.bill.total == world.costs.total <= Decimal("0.005")


def test_b2_a_limit_of_nothing_admits_nothing() -> None:
    """And none admits everything."""
    with simulate() as sim:
        world = wired(sim, "openai", limit=Limit(name="everything", usd=0))
        (told,) = sim.run(lambda: all_of(world, 1))
        assert isinstance(told, BudgetExceeded)
        assert not sim.openai.calls
        free = wired(sim, "openai", limit=Limit(name="everything", usd=None))
        assert sim.run(free.router.complete(PROMPT)).text


@pytest.mark.parametrize("how", ["cancel", "leave", "deadline"])
@pytest.mark.parametrize("client", MODELS)
def test_b3_nothing_stays_held_when_a_stream_is_left(client: str, how: str) -> None:
    """By a cancelled task, by leaving the loop, by the deadline: what came is booked, and the
    provider's bill is no more than was held for it."""
    fake = fake_of(client)

    async def read(world: World, seen: list[str]) -> None:
        limit_s = 1.5 if how == "deadline" else 60
        async with world.router.stream(PROMPT, max_tokens=50, deadline_s=limit_s) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    seen.append(event.text)
                    if how == "leave" and len(seen) == 2:
                        return

    async def main(world: World, seen: list[str]) -> None:
        task = asyncio.create_task(read(world, seen))
        if how == "cancel":
            await asyncio.sleep(1.5)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with simulate() as sim:
        world = wired(sim, client)
        sim[fake].replies(STORY)
        sim[fake].paces(ttft="1s", inter_token="1s")
        seen: list[str] = []
        sim.run(lambda: main(world, seen))
        sim.run(world.router.aclose())
        sim.advance(1)
        (line,) = sim.bill.lines
        assert seen and "disconnected after" in line.why
        agreed(world)


def test_b4_settling_twice_is_settling_once() -> None:
    """A hold resolves by its id: the second time changes nothing."""
    with simulate() as sim:
        world = wired(sim, "claude")
        answer = sim.run(world.router.complete(PROMPT))
        (record,) = world.costs.records
        (row,) = sim.run(world.ledger.rows())[:1]
        assert row.hold_id == record.attempt_id and answer.cost_pico == row.amount_pico
        again = Settlement(basis="exact", amount_pico=10**9)
        assert sim.run(world.ledger.settle(row.hold_id, again)) is False
        balanced(world)


def test_b5_in_queue_mode_all_that_fits_is_done() -> None:
    """Worst-case holds let few in at a time; the true costs fit, and everyone is answered."""
    limit = Limit(name="everything", usd="0.05", mode="queue")
    with simulate() as sim:
        world = wired(sim, "openai", limit=limit)
        sim.openai.replies("Paris.").paces(ttft="1s")
        told = sim.run(lambda: all_of(world, 60, max_tokens=1000, deadline_s=300))
        settled(sim, world)
        assert [type(one).__name__ for one in told if isinstance(one, Exception)] == []
        assert sim.bill.total == world.costs.total < Decimal("0.05")


def test_b7_the_reported_share_is_the_ledger_s() -> None:
    """Percent of the limit, from what the provider billed."""
    with simulate() as sim:
        world = wired(sim, "claude", limit=Limit(name="everything", usd="0.01"))
        sim.claude.counts(input_tokens=1000, output_tokens=100)
        sim.run(world.router.complete(PROMPT, max_tokens=200))
        (standing,) = sim.run(world.router.budget.standings())  # type: ignore[union-attr]
        assert standing.used_percent == 100 * sim.bill.total / Decimal("0.01") == 15


# --- cost --------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", MODELS)
def test_c1_a_stream_costs_what_the_whole_answer_costs(client: str) -> None:
    """And both what the provider bills: cached and reasoning tokens included."""
    fake = fake_of(client)
    counts = {"input_tokens": 5000, "output_tokens": 300, "cached_tokens": 2000}
    counts |= {} if fake == "ollama" else {"reasoning_tokens": 100}
    with simulate() as sim:
        world = wired(sim, client)
        sim[fake].replies("Paris.").counts(**counts)
        whole = sim.run(world.router.complete(PROMPT))
        streamed = sim.run(world.router.stream(PROMPT).collect())
        assert whole.cost == streamed.cost == sim.bill.total / 2
        assert whole.cost > 0 or fake == "ollama"
        agreed(world)


@pytest.mark.parametrize("ttl", ["5m", "1h"])
def test_c1_written_caches_cost_what_claude_bills(ttl: Any) -> None:
    """The first call writes, the second reads."""
    system = "You know all capitals. " * 1200
    with simulate() as sim:
        world = wired(sim, "claude")
        for _ in range(2):
            sim.run(world.router.complete(PROMPT, system=system, system_cache=ttl, max_tokens=50))
        first, second = world.costs.records
        assert first.usage is not None and second.usage is not None
        assert first.usage.cache_write_1h > 0 if ttl == "1h" else first.usage.cache_write_5m > 0
        assert second.usage.cached_read > 0 and second.amount_pico < first.amount_pico / 2
        agreed(world)


def test_c1_automatic_caches_cost_what_openai_and_gemini_bill() -> None:
    """Nobody asked for them, and their price is another."""
    system = "You know all capitals. " * 1200
    with simulate() as sim:
        for client in ("openai", "openai-responses", "gemini"):
            world = wired(sim, client)
            before = len(sim.journal)
            for _ in range(2):
                sim.run(world.router.complete(PROMPT, system=system, max_tokens=50))
            second = world.costs.records[1]
            assert second.usage is not None and second.usage.cached_read > 1024
            billed = [line.pico for line in sim.bill.lines[before:]]
            assert [record.amount_pico for record in world.costs.records] == billed


@pytest.mark.parametrize("client", ["claude", "openai", "gemini"])
def test_c1_pictures_cost_what_they_are_billed(client: str) -> None:
    """Their tokens are told by the provider, and priced alike on both sides."""
    message = Message.user(Text("What is this?"), Image(data=PIXEL, media_type="image/png"))
    with simulate() as sim:
        world = wired(sim, client)
        sim.run(world.router.complete(message, max_tokens=50))
        agreed(world)


@pytest.mark.parametrize("tier", ["flex", "priority"])
def test_c2_a_guessed_price_is_marked(tier: str) -> None:
    """The list of prices knows of this tier only from October on: before, both sides take the
    standard price, and the record says that it is no exact one."""
    with simulate() as sim:
        world = wired(sim, "openai", models={"openai": "gpt-5.2"})
        sim.run(world.router.complete(PROMPT, service_tier=tier))
        (record,) = world.costs.records
        assert record.price_estimated and "is known: standard" in sim.bill.lines[0].why
        agreed(world)


def test_c4_a_call_costs_the_sum_of_its_attempts() -> None:
    """The failed ones apart, those that were billed too."""
    with simulate() as sim:
        world = wired(sim, "openai", "claude", opt_in=frozenset({"length"}))
        sim.openai.replies("").counts(input_tokens=100, output_tokens=7)
        answer = sim.run(world.router.complete(PROMPT))
        assert [attempt.outcome for attempt in answer.attempts] == ["empty", "empty", "ok"]
        assert answer.cost == sim.bill.total
        assert answer.attempts_cost == sim.openai.bill.total > 0
        agreed(world)


# --- retries and time --------------------------------------------------------------------------


@pytest.mark.parametrize("client", MODELS)
def test_r1_every_request_is_an_attempt(client: str) -> None:
    """The SDKs retry nothing on their own."""
    with simulate() as sim:
        world = wired(sim, client, retry=RetryPolicy(max_attempts=3))
        sim[fake_of(client)].fails(http_error(500))
        (told,) = sim.run(lambda: all_of(world, 1))
        assert isinstance(told, AllAttemptsFailed)
        assert len(told.attempts) == len(sim[fake_of(client)].calls) == 3


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("client", MODELS)
def test_r2_nobody_is_asked_before_the_time_it_named(client: str, syntax: Any) -> None:
    """In whichever words: not by this call, nor by any other."""
    fake = fake_of(client)
    with simulate() as sim:
        world = wired(sim, client)
        sim[fake].fails(rate_limited(retry_after_s=9, syntax=syntax), times=1)
        sim.run(lambda: all_of(world, 1, deadline_s=60))
        first, second = sim[fake].calls
        # A date has whole seconds: it may be one more, never one less.
        assert 9 <= second.started_s - first.started_s <= 10
        agreed(world)


def test_r3_nobody_waits_after_the_last_attempt() -> None:
    """The error comes with the last answer."""
    with simulate() as sim:
        world = wired(sim, "claude", retry=RetryPolicy(max_attempts=2))
        sim.claude.fails(overloaded())
        sim.run(lambda: all_of(world, 1))
        assert sim.now == sim.claude.calls[-1].started_s


@pytest.mark.parametrize("failure", [slow_first_byte(50), stall(after_chunks=0), overloaded()])
@pytest.mark.parametrize("deadline_s", [0.5, 5.0])
def test_t1_no_call_takes_longer_than_its_deadline(failure: Any, deadline_s: float) -> None:
    """All attempts, waits and fallbacks together."""
    with simulate() as sim:
        world = wired(sim, "claude", "openai", timeouts=Timeouts(ttft_s=3, total_s=4))
        for fake in (sim.claude, sim.openai):
            fake.fails(failure)
        told = sim.run(lambda: all_of(world, 3, deadline_s=deadline_s))
        assert all(isinstance(one, CallFailed) for one in told)
        assert sim.now <= deadline_s
        settled(sim, world)


def test_t2_a_slow_answer_is_waited_for_where_there_is_no_other() -> None:
    """And left for another where there is one."""
    slow = Timeouts(ttft_s=2)
    for clients, takes_s in ((["claude"], 20), (["claude", "openai"], 2)):
        with simulate() as sim:
            world = wired(sim, *clients, timeouts=slow)
            sim.claude.fails(slow_first_byte(20))
            answer = sim.run(world.router.stream(PROMPT).collect())
            assert answer.text and sim.now == takes_s
            sim.run(world.router.aclose())


def test_hedges_are_both_paid() -> None:
    """The loser is cancelled and booked: the provider had not begun, the router cannot know."""
    with simulate() as sim:
        hedge = HedgePolicy(enabled=True, delay_s=1)
        world = wired(sim, "claude", "openai", hedge=hedge)
        sim.claude.fails(slow_first_byte(20))
        answer = sim.run(world.router.complete(PROMPT, max_tokens=50))
        sim.run(world.router.aclose())
        assert {a.provider: a.outcome for a in answer.attempts} == {
            "claude": "hedge_lost",
            "openai": "ok",
        }
        assert sim.now == pytest.approx(1)
        agreed(world)


# --- the breaker -------------------------------------------------------------------------------


def test_k2_half_open_lets_one_through() -> None:
    """Fifty callers come when the break is over: one of them finds out."""

    async def main(world: World) -> None:
        await all_of(world, 8, attempts_max=1)
        await asyncio.sleep(6)
        await all_of(world, 50, attempts_max=1)

    with simulate() as sim:
        world = wired(sim, "claude", "openai")
        sim.claude.fails(slow_first_byte(1), overloaded())
        sim.run(lambda: main(world))
        probes = [call for call in sim.claude.calls if call.started_s > 5]
        assert len(probes) == 1


def test_k3_a_single_target_is_not_hammered() -> None:
    """During an outage of a minute a call every second costs few probes."""

    async def main(world: World) -> None:
        for _ in range(60):
            await all_of(world, 1, attempts_max=1)
            await asyncio.sleep(1)

    with simulate() as sim:
        world = wired(sim, "claude")
        sim.claude.fails(overloaded())
        sim.run(lambda: main(world))
        assert 5 <= len(sim.claude.calls) < 25


@pytest.mark.parametrize(("left", "asked"), [(False, "openai"), (True, "claude")])
def test_k4_a_stream_counts_at_its_end(left: bool, asked: str) -> None:
    """Streams that break off open the breaker, though they began well; those that their caller
    left say nothing of the provider."""

    async def main(world: World) -> str:
        for _ in range(6):
            try:
                async with world.router.stream(PROMPT, chain=["claude"], max_tokens=50) as stream:
                    async for event in stream:
                        if left and isinstance(event, TextDelta):
                            break
            except CallFailed:
                pass
        return (await world.router.complete(PROMPT, max_tokens=50)).provider

    with simulate() as sim:
        world = wired(sim, "claude", "openai", all_open="fail")
        sim.claude.on(where=lambda request: request.stream).replies(STORY)
        sim.claude.unmatched = "natural"
        if left:
            sim.claude.paces(tokens_per_s=10)
        else:
            sim.claude.on(where=lambda request: request.stream).fails(cut(after_chunks=1))
        assert sim.run(lambda: main(world)) == asked
        sim.run(world.router.aclose())
        sim.advance(1)
        agreed(world)


# --- streams -----------------------------------------------------------------------------------


@pytest.mark.parametrize("client", MODELS)
def test_f1_a_cut_stream_is_no_success(client: str) -> None:
    """No reason to finish is made up; what came is in the error."""
    with simulate() as sim:
        world = wired(sim, client)
        sim[fake_of(client)].replies(STORY)
        sim[fake_of(client)].fails(cut(after_chunks=2, ends="stream"))
        with pytest.raises(StreamInterrupted) as caught:
            sim.run(world.router.stream(PROMPT).collect())
        assert caught.value.partial.text == "Once upon "
        assert caught.value.partial.finish_reason is None


@pytest.mark.parametrize("failure", [cut(after_chunks=0), reset(), refused(), overloaded()])
def test_f2_what_fails_unseen_falls_back_unseen(failure: Any) -> None:
    """The caller sees one stream, of the other provider."""

    async def main(world: World) -> list[Any]:
        async with world.router.stream(PROMPT) as stream:
            return [event async for event in stream]

    with simulate() as sim:
        world = wired(sim, "claude", "openai")
        sim.claude.fails(failure)
        sim.openai.replies(STORY)
        events = sim.run(lambda: main(world))
        said = "".join(event.text for event in events if isinstance(event, TextDelta))
        assert said == "Once upon a time."
        assert sum(isinstance(event, Finish) for event in events) == 1


@pytest.mark.parametrize("client", MODELS)
def test_f5_what_is_seen_is_one_answer_or_says_that_it_begins_anew(client: str) -> None:
    """After the reset everything is the other provider's; both are billed and booked."""

    async def main(world: World) -> str:
        shown = ""
        async with world.router.stream(PROMPT, max_tokens=50) as stream:
            async for event in stream:
                match event:
                    case TextDelta(text=said):
                        shown += said
                    case StreamReset():
                        assert shown == "Once upon "
                        shown = ""
        return shown

    other = "claude" if client != "claude" else "openai"
    with simulate() as sim:
        world = wired(sim, client, other, stream=StreamPolicy(mode="restart"))
        sim[fake_of(client)].replies(STORY)
        sim[fake_of(client)].fails(cut(after_chunks=2))
        sim[other].replies("Long ago.")
        assert sim.run(lambda: main(world)) == "Long ago."
        agreed(world)


@pytest.mark.parametrize("client", MODELS)
def test_f6_an_unreadable_event_costs_no_stream(client: str) -> None:
    """What is there of it is the answer, with a Gap where a piece is missing; after a beginning
    nobody else is asked, and both books agree."""

    async def main(world: World) -> list[Any]:
        async with world.router.stream(PROMPT, max_tokens=50) as stream:
            events = [event async for event in stream]
        assert stream.answer.gaps == 1
        return events

    with simulate() as sim:
        world = wired(sim, client, "claude" if client != "claude" else "openai")
        sim[fake_of(client)].replies(STORY)
        sim[fake_of(client)].fails(garbage("truncated_json", after_chunks=2))
        sim[fake_of(client)].paces(inter_token="100ms")  # pieces that come together fail together
        events = sim.run(lambda: main(world))
        (place,) = [n for n, event in enumerate(events) if isinstance(event, Gap)]
        said = [
            "".join(e.text for e in part if isinstance(e, TextDelta))
            for part in (events[:place], events[place:])
        ]
        assert said == ["Once upon ", "time."]
        assert isinstance(events[-1], Finish)
        agreed(world)


def test_f6_a_line_that_is_no_event_is_nothing() -> None:
    """Servers and proxies write them; readers of event streams are to ignore them."""
    with simulate() as sim:
        world = wired(sim, "claude", "openai")
        sim.claude.replies(STORY)
        sim.claude.fails(garbage("sse_line"))
        answer = sim.run(world.router.stream(PROMPT).collect())
        assert (answer.text, answer.provider, answer.gaps) == ("Once upon a time.", "claude", 0)
        assert answer.response.lines_skipped == 1
