"""Streams: what is kept back, what is shown, and what becomes of one that breaks."""

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from router.budget import CostManagementPolicy, LedgerBudget
from router.costs import CostTracker
from router.errors import AllAttemptsFailed, StreamInterrupted
from router.ledger.memory import MemoryLedger
from router.policy import HedgePolicy, RouterPolicy, StreamPolicy
from router.stream import Accumulator
from router.types import (
    Answer,
    Capabilities,
    Finish,
    Gap,
    Noise,
    Seam,
    Started,
    StreamEvent,
    StreamReset,
    TextDelta,
    ThinkingDelta,
    Timeouts,
    Tool,
    ToolCallDelta,
    Usage,
    UsageEvent,
)

from .world import EPOCH_S, FakeBudget, FakeClient, Say, VirtualClock, World, failure, run

STORY = "Once upon a time there was a router."
CUT = failure("stream_cut", certainty="response_started")


def events_of(world: World, **keywords: Any) -> list[StreamEvent]:
    async def main() -> list[StreamEvent]:
        return [event async for event in world.router.stream("Tell.", **keywords)]

    return run(main())


def text_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def policy_of(mode: Any) -> RouterPolicy:
    return RouterPolicy(stream=StreamPolicy(mode=mode))


def test_ends_with_usage_and_finish() -> None:
    """Usage and the Finish come last, wherever the vendor put them, and agree with the answer."""
    before = (Started(id="1"), Noise(), UsageEvent(Usage(input=7), final=False))
    events = events_of(World(FakeClient("a", Say(text=STORY, before=before))))
    assert text_of(events) == STORY
    assert events[-2:] == [UsageEvent(Usage(input=7, output=3)), Finish(reason="stop")]
    assert not any(isinstance(event, Noise) for event in events)


@pytest.mark.parametrize("name", ["stream_cut", "stream_inband", "protocol_bad", "timeout_idle"])
def test_failures_before_the_first_delta_fall_back(name: str) -> None:
    """F2, S2: after the 200 and before the first visible delta a failure is one like any other."""
    early = Say(before=(Started(), Noise()), fails=failure(name), words_shown=0)
    world = World(FakeClient("a", early), FakeClient("b", Say(text=STORY)))
    assert text_of(events_of(world)) == STORY
    assert world.asked() == {"a": 2, "b": 1}


def test_no_end_marker_is_no_success() -> None:
    """F1, S6: a stream that only stops is cut, not finished."""
    world = World(FakeClient("a", Say(text=STORY, finish=None)))
    with pytest.raises(StreamInterrupted) as caught:
        events_of(world)
    assert (caught.value.cause_class, caught.value.partial.text) == ("stream_cut", STORY)
    assert caught.value.partial.finish_reason is None


def test_failure_after_the_finish_is_none() -> None:
    """S6: where the finish was seen, what is missing after it does not matter."""

    class Late(FakeClient):
        async def stream(self, request: Any, *, timeout_s: float | None = None) -> Any:
            async for event in FakeClient.stream(self, request):
                yield event
            raise CUT

    world = World(Late("a", Say(text=STORY)))
    assert isinstance(events_of(world)[-1], Finish)
    assert world.costs.records[0].outcome == "ok"


def test_interrupted_carries_what_came() -> None:
    """S3: what was shown, the cause and the attempts are in the error; the words shown are paid."""
    world = World(FakeClient("a", Say(text=STORY, fails=CUT, words_shown=3)), FakeClient("b"))
    with pytest.raises(StreamInterrupted) as caught:
        events_of(world)
    assert (caught.value.partial.text, caught.value.cause_class) == ("Once upon a ", "stream_cut")
    (record,) = world.costs.records
    assert (record.basis, record.amount_pico) == ("estimated", 2 * 5 + 10 * 12)
    assert world.asked()["b"] == 0


def test_restart_says_so() -> None:
    """S4, F5: beginning anew, the stream says that what was said before no longer holds."""
    broken = Say(text=STORY, fails=CUT, words_shown=2)
    world = World(
        FakeClient("a", broken), FakeClient("b", Say(text=STORY)), policy=policy_of("restart")
    )
    events = events_of(world)
    (place,) = [n for n, event in enumerate(events) if isinstance(event, StreamReset)]
    assert (text_of(events[:place]), text_of(events[place:])) == ("Once upon ", STORY)
    assert events[place] == StreamReset(
        cause="stream_cut", from_target="a/a-model", to_target="b/b-model"
    )


def test_continue_goes_on_behind_a_seam() -> None:
    """S5: a target that takes prefill goes on from what was shown, with the tokens left."""
    broken = Say(text=STORY, fails=CUT, words_shown=2)
    can = {"capabilities": Capabilities(prefill=True)}
    clients = FakeClient("a", broken), FakeClient("b"), FakeClient("c", Say(text="a time."))
    world = World(*clients, policy=policy_of("continue"), targets={"c": can})
    events = events_of(world, max_tokens=50)
    assert text_of(events) == "Once upon a time."
    assert [e.to_target for e in events if isinstance(e, Seam)] == ["c/c-model"]
    asked = clients[2].asked[0]
    assert (asked.messages[-1].text, asked.max_tokens) == ("Once upon", 50 - len("Once upon "))


def test_continue_needs_plain_text() -> None:
    """S5: with a tool call begun, a stream is interrupted rather than continued."""
    call = ToolCallDelta(index=0, id="1", name="f")
    broken = Say(before=(call,), fails=CUT, words_shown=0)
    can = {"capabilities": Capabilities(prefill=True)}
    world = World(
        FakeClient("a", broken), FakeClient("b"), policy=policy_of("continue"), targets={"b": can}
    )
    with pytest.raises(StreamInterrupted):
        events_of(world)


def test_no_one_to_go_on_keeps_the_first_cause() -> None:
    """When restarting fails too, the error is the first one's, and notes the second."""
    world = World(
        FakeClient("a", Say(text=STORY, fails=CUT)),
        FakeClient("b", failure("auth")),
        policy=policy_of("restart"),
    )
    with pytest.raises(StreamInterrupted) as caught:
        events_of(world)
    assert caught.value.cause_class == "stream_cut"
    assert len(caught.value.attempts) == 2 and "nothing could go on" in caught.value.__notes__[0]


def test_unreadable_lines_are_skipped() -> None:
    """F6, S8: five lines that are no events are counted and skipped, a sixth is a failure."""
    noise = Noise(kind="malformed")
    fine = World(FakeClient("a", Say(before=(noise,) * 5)))

    async def answer() -> int:
        return (await fine.router.stream("x").collect()).response.lines_skipped

    assert run(answer()) == 5
    with pytest.raises(AllAttemptsFailed, match="unreadable"):
        events_of(World(FakeClient("a", Say(before=(noise,) * 6))))


HOLED = Say(text=STORY, gap_before_word=0)


def test_an_unreadable_event_is_a_failure_while_nothing_was_shown() -> None:
    """F5, S8: it may hide a piece of the answer, and asking again shows nobody anything odd."""
    world = World(FakeClient("a", HOLED), FakeClient("b", Say(text=STORY)))
    events = events_of(world)
    assert text_of(events) == STORY and not any(isinstance(event, Gap) for event in events)
    assert world.asked() == {"a": 2, "b": 1}
    assert [r.outcome for r in world.costs.records] == ["protocol_bad", "protocol_bad", "ok"]


def test_with_nobody_else_to_ask_a_gap_is_told() -> None:
    """F6: the same target once more, and then its stream is taken with the gap in its place."""
    world = World(FakeClient("a", HOLED))

    async def main() -> tuple[list[StreamEvent], Answer]:
        stream = world.router.stream("Tell.")
        return [event async for event in stream], stream.answer

    events, answer = run(main())
    assert events[0] == Gap()
    assert (answer.text, answer.gaps, world.asked()) == (STORY, 1, {"a": 2})
    assert "pieces may be missing" in answer.attempts[-1].message


def test_a_gap_in_what_was_shown_is_told() -> None:
    """F5, F6: one unreadable event costs no stream, and what the caller holds is not silently
    short: a Gap stands where the piece may be missing."""
    world = World(FakeClient("a", Say(text=STORY, gap_before_word=2)), FakeClient("b"))
    events = events_of(world)
    place = events.index(Gap())
    assert (text_of(events[:place]), text_of(events)) == ("Once upon ", STORY)
    assert isinstance(events[-1], Finish) and world.asked() == {"a": 1, "b": 0}


def test_no_gap_is_told_where_none_is_allowed() -> None:
    """S8: with `malformed_max=0` one unreadable event is one too many."""
    policy = RouterPolicy(stream=StreamPolicy(malformed_max=0))
    world = World(FakeClient("a", Say(text=STORY, gap_before_word=2)), policy=policy)
    with pytest.raises(StreamInterrupted) as caught:
        events_of(world)
    assert (caught.value.cause_class, caught.value.partial.text) == ("protocol_bad", "Once upon ")


def test_a_tool_call_with_a_gap_is_never_whole() -> None:
    """F5: text with a hole is read by somebody, a call with one would be carried out."""
    call = ToolCallDelta(index=0, id="1", name="f", arguments='{"path": "/')
    rest = ToolCallDelta(index=0, arguments='"}')
    world = World(FakeClient("a", Say(before=(call, Gap(), rest), finish="tool_calls")))
    with pytest.raises(StreamInterrupted, match="piece of a tool call") as caught:
        events_of(world)
    assert caught.value.cause_class == "protocol_bad"


def test_after_the_finish_only_counts_can_be_missing() -> None:
    """An unreadable event there is counted; the answer has no gap."""

    class Late(FakeClient):
        async def stream(self, request: Any, *, timeout_s: float | None = None) -> Any:
            async for event in FakeClient.stream(self, request):
                yield event
            yield Gap()

    world = World(Late("a", Say(text=STORY, usage=None)))

    async def main() -> Answer:
        return await world.router.stream("Tell.").collect()

    answer = run(main())
    assert (answer.gaps, answer.response.lines_skipped) == (0, 1)
    assert answer.usage_estimated


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_c2_without_usage_the_cost_is_an_estimate(streamed: bool) -> None:
    """C2, S7: a provider that tells no usage is not free, and no usage is made up in the answer."""
    world = World(FakeClient("a", Say(text=STORY, usage=None)))

    async def main() -> Answer:
        if streamed:
            return await world.router.stream("Tell.").collect()
        return await world.router.complete("Tell.")

    answer = run(main())
    (record,) = world.costs.records
    assert (record.basis, answer.usage, answer.usage_estimated) == ("estimated", None, True)
    assert record.amount_pico == answer.cost_pico == 2 * 5 + 10 * len(STORY)


def test_endless_beginnings_are_failures() -> None:
    """S1: more than 64 events or 256 KiB without anything to show are not kept back; pings do not
    count."""
    assert text_of(events_of(World(FakeClient("a", Say(before=(Noise(),) * 500))))) == "Paris."
    many = (ThinkingDelta(signature="x"),) * 65
    large = (ThinkingDelta(redacted="x" * 128 * 1024),) * 2 + (ThinkingDelta(signature="x"),)
    for before in (many, large):
        with pytest.raises(AllAttemptsFailed, match="nothing to show"):
            events_of(World(FakeClient("a", Say(before=before))))
        assert text_of(events_of(World(FakeClient("a", Say(before=before[:-1]))))) == "Paris."


def test_idle_streams_are_cut() -> None:
    """S9: a stream that stands still for longer than idle_s is interrupted then."""
    slow = Say(text=STORY, gap_s=20.0)
    world = World(FakeClient("a", slow), targets={"a": {"timeouts": Timeouts(idle_s=10.0)}})
    with pytest.raises(StreamInterrupted) as caught:
        events_of(world)
    assert caught.value.cause_class == "timeout_idle"
    assert caught.value.attempts[0].latency_s == 10.0


def test_closing_closes_upstream() -> None:
    """S10, C3: leaving a stream closes the connection at once and books what was received."""
    budget = FakeBudget(slow_s=0.01)
    world = World(FakeClient("a", Say(text=STORY, gap_s=1.0)), budget=budget)

    async def main() -> float:
        loop = asyncio.get_running_loop()
        async with world.router.stream("Tell.") as stream:
            async for event in stream:
                if isinstance(event, TextDelta) and event.text == "a ":
                    left_s = loop.time()
                    break
        assert world.clients["a"].open == 0
        return loop.time() - left_s

    assert run(main()) <= 0.1
    (record,) = world.costs.records
    assert (record.outcome, record.usage) == ("cancelled", Usage(input=5, output=12))
    assert (budget.held, list(budget.posted)) == ({}, [record.attempt_id])


def test_dropped_streams_are_booked() -> None:
    """A stream that the program just forgets is closed and booked all the same."""
    budget = FakeBudget()
    world = World(FakeClient("a", Say(text=STORY, gap_s=1.0)), budget=budget)

    async def main() -> None:
        async for _ in world.router.stream("Tell."):
            break
        await asyncio.sleep(1.0)

    run(main())
    assert (budget.held, [r.outcome for r in world.costs.records]) == ({}, ["cancelled"])


def test_hedges_are_both_paid() -> None:
    """A second target is asked when the first is slow; the loser is closed, and both are booked."""
    policy = RouterPolicy(hedge=HedgePolicy(enabled=True, delay_s=2.0))
    world = World(
        FakeClient("a", Say(after_s=50.0)), FakeClient("b", Say(text=STORY)), policy=policy
    )

    async def main() -> Any:
        stream = world.router.stream("Tell.")
        answer = await stream.collect()
        return answer, asyncio.get_running_loop().time()

    answer, took_s = run(main())
    assert (answer.text, answer.provider, took_s) == (STORY, "b", 2.0)
    assert sorted(r.outcome for r in world.costs.records) == ["hedge_lost", "ok"]
    assert world.clients["a"].open == 0 and answer.attempts_cost > 0


def test_no_hedge_with_tools() -> None:
    """An agent's step is never taken twice."""
    policy = RouterPolicy(hedge=HedgePolicy(enabled=True, delay_s=0.1))
    world = World(FakeClient("a", Say(after_s=5.0)), FakeClient("b"), policy=policy)
    events_of(world, tools=[Tool(name="f")])
    assert world.asked() == {"a": 1, "b": 0}


def test_text_alone() -> None:
    """`text()` yields the words only."""

    async def main() -> str:
        world = World(FakeClient("a", Say(text=STORY)))
        return "".join([piece async for piece in world.router.stream("Tell.").text()])

    assert run(main()) == STORY


def test_accumulated_parts() -> None:
    """Thinking, text and tool calls add up in the order in which they began."""
    got = Accumulator()
    for event in (
        ThinkingDelta(text="Hm"),
        ThinkingDelta(signature="s"),
        TextDelta("Let me "),
        TextDelta("look."),
        ToolCallDelta(index=0, id="1", name="f", arguments='{"a":'),
        ToolCallDelta(index=1, id="2", name="g", arguments="broken"),
        ToolCallDelta(index=0, arguments=" 1}"),
    ):
        got.add(event)
    response = got.response()
    assert (response.thinking, response.text) == ("Hm", "Let me look.")
    assert [(c.name, c.arguments, c.arguments_text) for c in response.tool_calls] == [
        ("f", {"a": 1}, ""),
        ("g", {}, "broken"),
    ]


def test_slow_beginnings_are_left() -> None:
    """S9: a beginning that is written too slowly is not shown, and another target answers; where
    there is none, it is waited for."""
    slow = Say(text=STORY, gap_s=1.0)
    policy = RouterPolicy(stream=StreamPolicy(hold_back_chars=20, chars_per_s_min=10.0))
    both = World(FakeClient("a", slow), FakeClient("b", Say(text="Quick.")), policy=policy)
    assert text_of(events_of(both)) == "Quick."
    assert both.costs.records[0].outcome == "timeout_ttft"
    assert text_of(events_of(World(FakeClient("a", slow), policy=policy))) == STORY


async def _grown(world: World) -> tuple[int, int]:
    """The bytes in use after some aborted streams, and after a hundred more."""

    async def aborted(times: int) -> int:
        for _ in range(times):
            async with world.router.stream("Tell.") as stream:
                await anext(stream)
        for log in (world.clients["a"].asked, world.clients["a"].asked_s, world.costs.records):
            log.clear()
        if isinstance(world.budget, FakeBudget):
            world.budget.posted.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        await aborted(150)  # bounded logs are full then
        return await aborted(100), await aborted(100)
    finally:
        tracemalloc.stop()


def test_memory_is_flat() -> None:
    """M1: aborted streams leave nothing behind."""
    budget = FakeBudget()
    world = World(FakeClient("a", Say(text=STORY, gap_s=0.1)), budget=budget)

    first, second = run(_grown(world))
    assert second - first < 2048 and budget.held == {}


def test_memory_is_flat_with_a_limit_for_each_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """M1: a task without a name is its call, and nothing of its account is left after it. The
    bounded logs are made short, so that they are full."""
    for ring in ("router.ledger.memory.RESOLVED_MAX", "router.costs._CALLS_MAX"):
        monkeypatch.setattr(ring, 50)
    policy = CostManagementPolicy(per_task_usd="0.05", daily_usd=100)
    ledger = MemoryLedger(wall=lambda: EPOCH_S, rows_max=50)
    budget = LedgerBudget(policy, ledger, clock=VirtualClock(), wall=lambda: EPOCH_S)
    world = World(FakeClient("a", Say(text=STORY, gap_s=0.1)), budget=budget)
    monkeypatch.setattr("router.costs.RECORDS_MAX", 50)
    world.router.reload(replace(world.router.setup, costs=CostTracker()))
    first, second = run(_grown(world))
    assert second - first < 2048
    assert {row.account for row in run(ledger.rows())} == {"all||", "daily||day/2023-11-14/UTC"}


def test_left_at_the_reset() -> None:
    """Leaving a stream just when it begins anew books the new attempt too."""
    budget = FakeBudget()
    broken = FakeClient("a", Say(text=STORY, fails=CUT, words_shown=2))
    world = World(
        broken, FakeClient("b", Say(text=STORY)), policy=policy_of("restart"), budget=budget
    )

    async def main() -> None:
        async with world.router.stream("Tell.") as stream:
            async for event in stream:
                if isinstance(event, StreamReset):
                    break

    run(main())
    assert [r.outcome for r in world.costs.records] == ["stream_cut", "cancelled"]
    assert (budget.held, world.clients["b"].open) == ({}, 0)
