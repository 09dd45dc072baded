"""What the providers would charge, exchange by exchange."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fakeservers import (
    BillError,
    cut,
    empty_body,
    error_event,
    html_page,
    http_error,
    overloaded,
    rate_limited,
    raw,
    reset,
    simulate,
    stall,
    text,
)

pytest.importorskip("genai_prices")

CHAT = {
    "claude": ("/v1/messages", "claude-sonnet-4-5"),
    "openai": ("/chat/completions", "gpt-5.2"),
    "gemini": ("/v1beta/models/{model}:generateContent", "gemini-2.5-flash"),
    "ollama": ("/api/chat", "llama3.2"),
}
# US dollars for a million tokens in and out, read by hand from the providers' pages.
PER_MTOK = {
    "claude": (3, 15),
    "openai": (Decimal("1.75"), 14),
    "gemini": (Decimal("0.3"), Decimal("2.5")),
    "ollama": (0, 0),
}
WORDS = text("one two three four", chunks=["one ", "two ", "three ", "four"])


def body(provider, *, stream=False, **more):
    path, model = CHAT[provider]
    path = path.format(model=model)
    if provider == "gemini":
        if stream:
            path = path.replace(":generateContent", ":streamGenerateContent")
        return path, {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], **more}
    if provider == "claude":
        more = {"max_tokens": 1024, **more}
    asked = {"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}
    return path, {**asked, "stream": stream}


def ask(sim, provider, *, stream=False, timeout_s=None, **more):
    """One request; whatever becomes of it."""
    path, asked = body(provider, stream=stream, **more)

    async def main():
        try:
            return await sim.post(provider, path, asked, timeout_s=timeout_s)
        except (OSError, asyncio.IncompleteReadError):
            return None

    return sim.run(main)


@pytest.fixture
def sim():
    with simulate() as world:
        for fake in world.providers.values():
            fake.unused = "allow"
        yield world


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("provider", CHAT)
def test_an_answer_costs_its_tokens(sim, provider, stream):
    """Streamed or not, by the provider's prices."""
    sim[provider].counts(input_tokens=1000, output_tokens=100)
    ask(sim, provider, stream=stream)
    into, out = PER_MTOK[provider]
    assert sim.bill.total == (1000 * into + 100 * out) / Decimal(1_000_000)
    assert sim[provider].bill.total == sim.bill.total


@pytest.mark.parametrize("failure", [overloaded(), http_error(500), rate_limited(), html_page(502)])
@pytest.mark.parametrize("provider", CHAT)
def test_an_error_costs_nothing(sim, provider, failure):
    """Whatever the error, and whoever sent it."""
    sim[provider].fails(failure)
    ask(sim, provider)
    (line,) = sim.bill.lines
    assert (line.pico, line.usage) == (0, None)
    assert line.why.startswith("an error: ")


@pytest.mark.parametrize("failure", [reset(), cut(ends="answer")])
def test_an_answer_that_never_began_costs_nothing(sim, failure):
    """Nothing of it was sent."""
    sim.claude.fails(failure)
    ask(sim, "claude", stream=True)
    assert sim.bill.total == 0
    assert sim.bill.lines[0].why.endswith("before the answer began")


@pytest.mark.parametrize("chunks", [0, 1, 3])
@pytest.mark.parametrize(
    "failure",
    [cut, reset, lambda after_chunks: cut(after_chunks=after_chunks, ends="stream")],
    ids=["cut", "reset", "unterminated"],
)
@pytest.mark.parametrize("provider", ["claude", "openai", "gemini"])
def test_a_broken_stream_costs_what_had_left(sim, provider, failure, chunks):
    """Its input, and its output by the chunk."""
    sim[provider].replies(WORDS)
    sim[provider].counts(input_tokens=1000, output_tokens=40)
    sim[provider].fails(failure(after_chunks=chunks))
    ask(sim, provider, stream=True)
    (line,) = sim.bill.lines
    assert line.usage.input_tokens == 1000
    assert line.usage.output_tokens == 10 * chunks
    assert f"after {chunks} of 4 chunks" in line.why


def test_an_error_in_a_stream_costs_what_had_left(sim):
    """The same as a cut."""
    sim.claude.replies(WORDS)
    sim.claude.counts(output_tokens=40)
    sim.claude.fails(error_event(overloaded(), after_chunks=2))
    ask(sim, "claude", stream=True)
    assert sim.bill.lines[0].usage.output_tokens == 20


@pytest.mark.parametrize("fields", [{}, {"inter_token": "1s"}], ids=["stalled", "paced"])
def test_a_stream_that_its_client_left_costs_what_had_left(sim, fields):
    """Whether it was stalled or under way."""
    sim.openai.replies(WORDS)
    sim.openai.counts(output_tokens=40)
    if fields:
        sim.openai.paces(**fields)
    else:
        sim.openai.fails(stall(after_chunks=2))
    ask(sim, "openai", stream=True, timeout_s=1.5)
    sim.advance(1)
    (line,) = sim.bill.lines
    assert (line.usage.output_tokens, line.why) == (20, "disconnected after 2 of 4 chunks")


def test_an_error_as_the_first_event_costs_nothing(sim):
    """The provider has not begun to answer."""
    sim.claude.fails(error_event(overloaded(), after_chunks=0))
    ask(sim, "claude", stream=True)
    assert sim.bill.total == 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_what_a_proxy_loses_costs_all(sim, stream):
    """The provider has answered; that its body was replaced on the way is not its business."""
    sim.claude.counts(input_tokens=1000, output_tokens=100)
    sim.claude.fails(empty_body())
    ask(sim, "claude", stream=stream)
    assert sim.bill.total == Decimal("0.0045")


def test_a_whole_answer_that_broke_off_costs_all(sim):
    """It was generated before its first byte left."""
    sim.openai.counts(input_tokens=10, output_tokens=40)
    sim.openai.fails(cut())
    ask(sim, "openai")
    (line,) = sim.bill.lines
    assert line.usage.output_tokens == 40
    assert line.cost > 0


def test_caches_have_their_prices(sim):
    """Reading a tenth, writing for five minutes 1.25 times, for an hour twice the input's."""
    sim.claude.counts(input_tokens=10_000, output_tokens=0, cached_tokens=4000)
    ask(sim, "claude")
    assert sim.bill.total == (6000 * 3 + 4000 * Decimal("0.3")) / Decimal(1_000_000)
    sim.claude.reset()
    system = {"type": "text", "text": "word " * 3000}
    for ttl, times in (("5m", Decimal("1.25")), ("1h", 2)):
        sim.claude.reset()
        sim.claude.replies("")
        ask(sim, "claude", system=[{**system, "cache_control": {"type": "ephemeral", "ttl": ttl}}])
        (line,) = sim.bill.lines
        usage = line.usage
        written = usage.cache_write_tokens
        rest = usage.input_tokens - written
        assert written > 1024
        assert line.cost == (rest * 3 + written * 3 * times + usage.output_tokens * 15) / Decimal(
            1_000_000
        )


def test_a_batch_costs_half(sim):
    """As each provider documents; creating it and looking at it costs nothing."""
    _, asked = body("claude")
    del asked["stream"]
    sim.claude.counts(input_tokens=1000, output_tokens=100)

    async def main():
        batch = {"requests": [{"custom_id": "a", "params": asked}]}
        made = await sim.post("claude", "/v1/messages/batches", batch)
        assert made.status == 200

    sim.run(main)
    ask(sim, "claude")
    totals = [line.cost for line in sim.bill.lines if line.usage is not None]
    assert sorted(totals) == [Decimal("0.00225"), Decimal("0.0045")]


def test_a_service_tier_has_its_price():
    """As it stands in the list at the time of the request."""
    with simulate(starts=datetime(2026, 11, 1, tzinfo=UTC)) as sim:
        sim.openai.counts(input_tokens=1000, output_tokens=100)
        for tier in ("flex", "default", "priority"):
            ask(sim, "openai", service_tier=tier)
        costs = [line.cost for line in sim.bill.lines]
    assert costs == [Decimal("0.001575"), Decimal("0.00315"), Decimal("0.0063")]


def test_what_is_not_generated_is_not_charged(sim):
    """Lists of models; scripted bytes, of which nobody knows the usage."""
    sim.claude.replies(raw(b"{}"))
    ask(sim, "claude")
    assert sim.bill.total == 0
    assert sim.bill.lines[0].why == "scripted bytes have no usage"


def test_an_unknown_price_is_no_zero(sim):
    """The total says whose price is missing."""
    sim.openai.models = "any"
    path, asked = body("openai")

    async def main():
        await sim.post("openai", path, {**asked, "model": "nobody-knows"})

    sim.run(main)
    assert sim.bill.lines[0].cost is None
    with pytest.raises(BillError, match="openai: no price of nobody-knows is known"):
        _ = sim.bill.total


def test_the_bill_is_a_table(sim):
    """For people."""
    sim.claude.counts(input_tokens=1000, output_tokens=100)
    ask(sim, "claude")
    assert str(sim.bill) == (
        "exchange   model                in  out  US dollars\n"
        "claude #1  claude-sonnet-4-5  1000  100  0.0045\n"
        "           total                         0.0045"
    )


def test_missing_prices_say_what_to_install():
    """In a process without genai-prices."""
    code = """
import sys, json
sys.modules["genai_prices"] = None
import urllib.request
from fakeservers import FakeServers, PricesMissing
with FakeServers() as llmsim:
    asked = {"model": "gpt-5.2", "messages": [{"role": "user", "content": "Hi"}]}
    urllib.request.urlopen(urllib.request.Request(
        llmsim.openai.url + "/chat/completions", json.dumps(asked).encode(),
        {"authorization": "Bearer x", "content-type": "application/json"}))
    try:
        llmsim.bill.total
    except PricesMissing as problem:
        print(problem)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert "pip install 'pytest-llmsim[router]'" in done.stdout, done.stderr
