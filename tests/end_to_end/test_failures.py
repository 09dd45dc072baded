"""Every class of failure, at every provider, whole and streamed: what the router does about it,
and that its books then equal the provider's bill.

The real router on the real SDKs over the real fakes; only time and the network are virtual. A
row says what the provider does, for ever, and which attempts come of it; the last one, where it
is "ok", is the other provider's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from fakeservers import (
    FakeProvider,
    Simulation,
    content_filtered,
    cut,
    empty_body,
    error_event,
    garbage,
    html_page,
    http_error,
    overloaded,
    quota_exhausted,
    rate_limited,
    refusal,
    refused,
    reply,
    reset,
    simulate,
    slow_first_byte,
    stall,
    wrong_content_type,
)
from router.errors import ERROR_CLASSES, CallFailed
from router.types import Timeouts

from .world import MODELS, World, agreed, fake_of, wired

LIMITS = Timeouts(ttft_s=2, idle_s=3, total_s=20)
PROMPT = "What is the capital of France?"
LONGEST_S = 100

Do = Callable[[FakeProvider], Any]


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a provider does, and the outcomes of the attempts, whole and streamed. "..." is the
    caller's StreamInterrupted: something had been shown. `but` is what differs at some client."""

    name: str
    do: Do
    whole: str
    streamed: str = ""
    but: Mapping[str, str] = field(default_factory=dict)

    def expected(self, client: str, streamed: bool) -> str:
        return self.but.get(client) or (self.streamed if streamed else "") or self.whole


def fails(*what: Any) -> Do:
    return lambda fake: fake.fails(*what)


def replies(*what: Any) -> Do:
    return lambda fake: fake.replies(*what)


def row(name: str, do: Do, whole: str, streamed: str = "", **but: str) -> Row:
    named = {client.replace("_", "-"): outcomes for client, outcomes in but.items()}
    return Row(name=name, do=do, whole=whole, streamed=streamed, but=named)


TWICE_CUT = "stream_cut stream_cut ok"
TWICE_BAD = "protocol_bad protocol_bad ok"
SERVER = "server server server ok"

ROWS = (
    # The connection.
    row("refused", fails(refused()), "connect connect connect ok"),
    row("reset before the head", fails(reset()), "reset_early reset_early ok"),
    row("closed before the head", fails(cut(ends="answer")), "reset_early reset_early ok"),
    # Time.
    row("late head", fails(slow_first_byte(500)), "timeout_total ok", "timeout_ttft ok"),
    row("head and nothing", fails(stall(after_chunks=0)), "timeout_total ok", "timeout_ttft ok"),
    row("stalls", fails(stall(after_chunks=1)), "timeout_total ok", "timeout_idle ..."),
    # The answer breaks off.
    row("closed before content", fails(cut(after_chunks=0)), TWICE_CUT),
    row("closed in content", fails(cut(after_chunks=1)), TWICE_CUT, "stream_cut ..."),
    row("reset in content", fails(reset(after_chunks=1)), TWICE_CUT, "stream_cut ..."),
    row("no content, no end", fails(cut(after_chunks=0, ends="stream")), TWICE_BAD, TWICE_CUT),
    row("no end", fails(cut(after_chunks=1, ends="stream")), TWICE_BAD, "stream_cut ..."),
    row(
        "error as first event",
        fails(error_event(http_error(500), after_chunks=0)),
        SERVER,
        "stream_inband stream_inband ok",
    ),
    row(
        "error among events",
        fails(error_event(overloaded(), after_chunks=1)),
        "overloaded overloaded ok",
        "stream_inband ...",
    ),
    # What is sent is not what it should be.
    # Where nothing was shown an event that cannot be read is no answer: see below for later ones.
    row("no JSON", fails(garbage("json")), TWICE_BAD),
    row("half of the JSON", fails(garbage("truncated_json")), TWICE_BAD),
    row("bytes that are no text", fails(garbage("bytes")), TWICE_BAD, "own", ollama=TWICE_BAD),
    row("empty body", fails(empty_body()), TWICE_BAD, TWICE_CUT),
    row("page with 200", fails(html_page(200)), TWICE_BAD),
    row("page with 502", fails(html_page(502)), SERVER),
    # What the provider says.
    row("rate limit", fails(rate_limited(retry_after_s=40)), "rate_limit ok"),
    row(
        "quota",
        fails(quota_exhausted()),
        "quota ok",
        claude="billing ok",
        # A limit of the day, as Gemini says it; Ollama has no quota.
        gemini="rate_limit ok",
        ollama="rate_limit ok",
    ),
    row("billing", fails(402), "billing ok"),
    row("overloaded", fails(overloaded()), "overloaded overloaded ok"),
    row("server error", fails(500), SERVER),
    row("request timeout", fails(408), SERVER),
    row("gateway timeout", fails(504), "gateway_timeout gateway_timeout gateway_timeout ok"),
    row("key", fails(401), "auth ok"),
    row("permission", fails(403), "permission ok"),
    row("model", fails(404), "not_found ok"),
    # Only a larger window is tried: OpenAI's after Claude's, and after OpenAI's nothing.
    row("window", fails(413), "context_window", claude="context_window ok"),
    row(
        "content policy",
        fails(content_filtered()),
        "content_policy",
        gemini="bad_request",  # both have no such error
        ollama="bad_request",
    ),
    row("bad request", fails(400), "bad_request"),
    # A 200 of its own kind: an answer that costs, unless the caller opted for another.
    row("refusal", replies(refusal()), "own"),
    row("filtered", replies(reply("No", finish="content_filter")), "own"),
    row("length", replies(reply("The", finish="length")), "own"),
    row("nothing said", replies(""), "empty empty ok"),
    # Nothing that matters; but of Ollama every line is an event.
    row("odd line", fails(garbage("sse_line")), TWICE_BAD, "own", ollama=TWICE_BAD),
    row("content type", fails(wrong_content_type("text/plain")), "own"),
    row("all is well", replies("Paris."), "own"),
)


def ask(sim: Simulation, world: World, *, streamed: bool, **options: Any) -> tuple[str, Any]:
    """How a call ended: its attempts' outcomes, and the answer or the error."""

    async def main() -> Any:
        keywords: Any = {"max_tokens": 60, "deadline_s": LONGEST_S, **options}
        try:
            if streamed:
                return await world.router.stream(PROMPT, **keywords).collect()
            return await world.router.complete(PROMPT, **keywords)
        except CallFailed as error:
            return error
        finally:
            await world.router.aclose()

    told = sim.run(main)
    return " ".join(attempt.outcome for attempt in told.attempts), told


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("client", MODELS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "_"))
def test_failures(row: Row, client: str, streamed: bool) -> None:
    """The attempts are those of the decision table, in time, and both books agree."""
    first = fake_of(client)
    other = "claude" if first != "claude" else "openai"
    with simulate(seed=3) as sim:
        world = wired(sim, client, other, timeouts=LIMITS)
        row.do(sim[first])
        sim[other].replies("Paris.")
        outcomes, told = ask(sim, world, streamed=streamed)
        expected = row.expected(client, streamed)
        shown = expected.endswith("...")
        assert outcomes == {"own": "ok"}.get(expected, expected.removesuffix(" ..."))
        assert (type(told).__name__ == "StreamInterrupted") == shown
        if outcomes.endswith("ok"):
            assert told.provider == (first if expected == "own" else other)
        else:
            assert isinstance(told, CallFailed)
        assert sim.now < LONGEST_S
        agreed(world)


def test_every_class_is_in_the_table() -> None:
    """Of the decision table no class is left out, but for what is never sent."""
    told = {
        outcome
        for row in ROWS
        for outcomes in (row.whole, row.streamed, *row.but.values())
        for outcome in outcomes.split()
    }
    assert set(ERROR_CLASSES) - told == {*SAID, "unsupported"}  # which are below


SAID = {
    "refusal": refusal(),
    "content_filter": reply("No", finish="content_filter"),
    "length": reply("The", finish="length"),
}
# Claude calls every such end a refusal, Gemini a filter; Ollama has a word for neither.
TOLD = {
    ("content_filter", "claude"): "refusal ok",
    ("refusal", "gemini"): "content_filter ok",
    ("refusal", "ollama"): "ok",
    ("content_filter", "ollama"): "ok",
}


@pytest.mark.parametrize("client", MODELS)
@pytest.mark.parametrize("kind", SAID)
def test_an_opted_end_falls_back_and_costs(client: str, kind: str) -> None:
    """An answer that was not wanted is billed and booked in full, and so is the next."""
    other = "claude" if client != "claude" else "openai"
    with simulate() as sim:
        world = wired(sim, client, other, opt_in=frozenset(SAID))
        sim[fake_of(client)].replies(SAID[kind])
        outcomes, answer = ask(sim, world, streamed=False)
        assert outcomes == TOLD.get((kind, client), f"{kind} ok")
        assert answer.cost == sim.bill.total
        agreed(world)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_what_cannot_be_expressed_is_never_sent(streamed: bool) -> None:
    """`unsupported`: the next that can is asked, and no fake saw the others."""
    with simulate() as sim:
        world = wired(sim, "claude", "openai")
        outcomes, _ = ask(sim, world, streamed=streamed, seed=7)
        assert outcomes == "unsupported ok"
        assert not sim.claude.calls
        agreed(world)
