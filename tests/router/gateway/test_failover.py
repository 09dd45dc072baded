"""Sixteen ways in which the first provider fails, and what a caller of each wire sees.

The first target is Claude, the second OpenAI; the callers are the four official SDKs, their own
retries off.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from fakeservers import (
    FakeProvider,
    FakeServers,
    content_filtered,
    cut,
    garbage,
    overloaded,
    rate_limited,
    refusal,
    refused,
    reset,
    slow_first_byte,
    stall,
    text,
)
from router.policy import RouterPolicy

from .callers import ASK, ask
from .support import QUICK, SinceAsked, endpoint, gateway, router_over

FIRST, SECOND = "Paris, says Claude.", "Paris, says OpenAI."
HOUR_S = 3600.0
TOO_LONG = "prompt is too long: 213462 tokens > 200000 maximum"
every_wire = pytest.mark.parametrize("wire", ASK)
every_way = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`fails` is what happens at Claude; the caller sees `says`, or an error of this `status`."""

    id: str
    fails: Callable[[FakeProvider], Any]
    outcome: str
    says: str = SECOND
    status: dict[str, int] = field(default_factory=dict)
    timeouts: dict[str, float] = field(default_factory=dict)


SCENARIOS = (
    Scenario(id="01 refused", fails=lambda f: f.fails(refused()), outcome="connect"),
    Scenario(id="02 reset", fails=lambda f: f.fails(reset()), outcome="reset_early"),
    Scenario(id="03 500", fails=lambda f: f.fails(500), outcome="server"),
    Scenario(id="04 503", fails=lambda f: f.fails(503), outcome="overloaded"),
    Scenario(id="05 529", fails=lambda f: f.fails(overloaded()), outcome="overloaded"),
    Scenario(
        id="06 429 for a moment",
        fails=lambda f: f.fails(rate_limited(retry_after_s=1)),
        outcome="rate_limit",
    ),
    Scenario(
        id="07 429 for an hour",
        fails=lambda f: f.fails(rate_limited(retry_after_s=3600)),
        outcome="rate_limit",
    ),
    Scenario(id="08 401", fails=lambda f: f.fails(401), outcome="auth"),
    Scenario(id="09 404 model", fails=lambda f: f.fails(404), outcome="not_found"),
    Scenario(
        id="10 silence before the first token",
        fails=lambda f: f.fails(slow_first_byte(HOUR_S)),
        outcome="timeout_t",
        timeouts={"ttft_s": 0.05, "total_s": 0.05},
    ),
    Scenario(
        id="11 silence in the stream",
        fails=lambda f: f.fails(stall(after_chunks=0)),
        outcome="timeout_",
        timeouts={"idle_s": 0.05, "total_s": 0.1},
    ),
    Scenario(
        id="12 cut before anything is shown",
        fails=lambda f: f.fails(cut(after_chunks=0)),
        outcome="stream_cut",
    ),
    Scenario(
        id="13 malformed JSON",
        fails=lambda f: f.fails(garbage("truncated_json")),
        outcome="protocol_bad",
    ),
    Scenario(id="14 nothing in the answer", fails=lambda f: f.replies(text("")), outcome="empty"),
    Scenario(
        id="15 context window",
        fails=lambda f: f.fails(400, message=TOO_LONG),
        outcome="context_window",
    ),
    Scenario(
        id="16 content filter",
        fails=lambda f: f.fails(content_filtered()),
        outcome="",
        says="",
        status=dict.fromkeys(ASK, 400),
    ),
)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(verify=False, timeout=60) as client:
        yield client


@every_way
@every_wire
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_failover(
    llmsim: FakeServers, http: httpx2.Client, scenario: Scenario, wire: str, streamed: bool
) -> None:
    """The caller sees one whole answer of the second provider, or the error that is its own."""
    scenario.fails(llmsim.claude)
    llmsim.openai.replies(SECOND)
    llmsim.openai.unused = "allow"
    first = endpoint(llmsim, "claude", **scenario.timeouts)
    policy = RouterPolicy(retry=QUICK, deadline_s=60)
    clock = SinceAsked(lambda: llmsim.claude.calls) if scenario.timeouts else None
    router = router_over(first, endpoint(llmsim, "openai"), policy=policy, clock=clock)
    with gateway(router) as served:
        heard = ask(wire, served.origin, http, streamed=streamed)
        outcomes = [record.outcome for record in served.router.costs.records]
    assert (heard.text, heard.status) == (scenario.says, scenario.status.get(wire))
    assert outcomes[0].startswith(scenario.outcome)
    assert (outcomes[-1] == "ok") == bool(scenario.says)


@every_wire
def test_a_cut_after_something_was_shown(
    llmsim: FakeServers, http: httpx2.Client, wire: str
) -> None:
    """What was shown stays, the stream's end is an error of the caller's SDK, and no other
    provider's text is put behind it."""
    llmsim.claude.replies(text("one two three", chunks=["one ", "two ", "three"]))
    llmsim.claude.fails(cut(after_chunks=2))
    with gateway(router_over(endpoint(llmsim, "claude"), endpoint(llmsim, "openai"))) as served:
        heard = ask(wire, served.origin, http, streamed=True)
    assert heard.text and "one two three".startswith(heard.text)
    assert heard.error is not None and "the stream broke off" in str(heard.error)
    assert not heard.reason and not llmsim.openai.calls


@every_way
@every_wire
def test_slow_but_whole(
    llmsim: FakeServers, http: httpx2.Client, wire: str, streamed: bool
) -> None:
    """With nobody else to ask, a slow answer is waited for, whatever its time limits say."""
    llmsim.claude.replies(FIRST)
    llmsim.claude.fails(slow_first_byte(0.1))
    slow = endpoint(llmsim, "claude", ttft_s=0.01, total_s=0.01)
    with gateway(router_over(slow)) as served:
        heard = ask(wire, served.origin, http, streamed=streamed)
    assert (heard.text, heard.error) == (FIRST, None)


@every_way
@every_wire
def test_a_short_limit_is_waited_for(
    llmsim: FakeServers, http: httpx2.Client, wire: str, streamed: bool
) -> None:
    """With nobody else to ask, a short Retry-After is kept to and the answer comes."""
    llmsim.claude.fails(rate_limited(retry_after_s=0.2, syntax="ms"), times=1)
    llmsim.claude.replies(FIRST)
    with gateway(router_over(endpoint(llmsim, "claude"))) as served:
        heard = ask(wire, served.origin, http, streamed=streamed)
    assert (heard.text, heard.error) == (FIRST, None)


@every_wire
def test_a_refusal_is_told_as_one(llmsim: FakeServers, http: httpx2.Client, wire: str) -> None:
    """A model's refusal is no failure: it reaches the caller as its wire has it."""
    llmsim.claude.replies(refusal())
    words = {"anthropic": "refusal", "gemini": "SAFETY", "ollama": "refusal"}
    with gateway(router_over(endpoint(llmsim, "claude"), endpoint(llmsim, "openai"))) as served:
        heard = ask(wire, served.origin, http, streamed=True)
    assert heard.error is None and heard.reason == words.get(wire, "content_filter")
    assert not llmsim.openai.calls


@pytest.mark.parametrize(
    ("wire", "status"), [(wire, 529 if wire == "anthropic" else 503) for wire in ASK]
)
@every_way
def test_nobody_answers(
    llmsim: FakeServers, http: httpx2.Client, wire: str, status: int, streamed: bool
) -> None:
    """The error is of the caller's wire and names every provider that failed, and no key."""
    llmsim.claude.fails(overloaded())
    llmsim.openai.fails(500)
    with gateway(router_over(endpoint(llmsim, "claude"), endpoint(llmsim, "openai"))) as served:
        heard = ask(wire, served.origin, http, streamed=streamed)
    assert heard.status == status
    told = str(heard.error)
    assert "claude/claude-sonnet-4-5" in told and "openai/gpt-4.1" in told
    assert "sk-upstream-secret" not in told and "127.0.0.1" not in told


def test_the_trace_and_the_wait(llmsim: FakeServers) -> None:
    """An error has the attempts in it, and says when to come back."""
    llmsim.claude.fails(rate_limited(retry_after_s=120))
    with gateway(router_over(endpoint(llmsim, "claude"))) as served:
        answer = served.chat()
    assert answer.status_code == 429 and 100 < int(answer.headers["retry-after"]) <= 120
    assert answer.headers["x-should-retry"] == "true"
    trace = answer.json()["error"]["llmsim"]
    assert trace["cause"] == "rate_limit"
    assert [(a["provider"], a["status"]) for a in trace["attempts"]] == [("claude", 429)]


@every_wire
def test_a_gap_is_told(llmsim: FakeServers, http: httpx2.Client, wire: str) -> None:
    """A piece that came unreadable after the first ends no stream; a chunk without text tells
    of it, which every SDK takes."""
    llmsim.claude.replies(text("one two three", chunks=["one ", "two ", "three"]))
    llmsim.claude.fails(garbage("truncated_json", after_chunks=1))
    llmsim.claude.paces(inter_token=0.05)
    with gateway(router_over(endpoint(llmsim, "claude"), endpoint(llmsim, "openai"))) as served:
        heard = ask(wire, served.origin, http, streamed=True)
        assert '"llmsim":{"gap":' in served.streamed()
    assert (heard.text, heard.error) == ("one three", None)


@every_wire
def test_one_malformed_line(llmsim: FakeServers, http: httpx2.Client, wire: str) -> None:
    """A line that cannot be read ends no stream that is healthy otherwise."""
    llmsim.claude.replies(FIRST)
    llmsim.claude.fails(garbage("sse_line", after_chunks=1))
    with gateway(router_over(endpoint(llmsim, "claude"), endpoint(llmsim, "openai"))) as served:
        heard = ask(wire, served.origin, http, streamed=True)
    assert (heard.text, heard.error) == (FIRST, None)
