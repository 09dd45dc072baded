"""Tokens as every vendor tells them, in one meaning."""

import pytest

from fakeservers import FakeServers, text, thinking
from router.clients.anthropic import decode as claude
from router.clients.framing import Frame
from router.clients.gemini import decode as gemini
from router.pricing import PriceBook
from router.types import Target, ThinkingOptions, UsageEvent, as_request

from .support import Case, complete, every_client, every_way, heard

WRITES = ("claude", "responses")


@every_client
@every_way
def test_kinds_of_input(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """What was read from a cache and written to one is apart from the rest; the sum is the
    prompt, whether the vendor's own count holds them or not."""
    if case.id == "ollama":
        pytest.skip("Ollama tells nothing of its cache")
    written = {"cache_write_tokens": 10} if case.id in WRITES else {}
    case.of(llmsim).replies("Yes.").counts(
        input_tokens=100, cached_tokens=40, output_tokens=20, **written
    )
    usage = (heard if streamed else complete)(case.client(llmsim), as_request("Hello")).usage
    assert usage is not None and usage.cached_read == 40
    assert (usage.input_total, usage.output) == (100, 20)
    assert usage.cache_write_5m == sum(written.values())


@every_client
@every_way
def test_reasoning_is_part_of_the_output(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """Reasoning is counted within the output, as it is billed."""
    if not case.thinks or case.id == "ollama":
        pytest.skip("tells no reasoning apart")
    case.of(llmsim).replies([thinking("Hm."), text("42.")]).counts(
        input_tokens=9, output_tokens=50, reasoning_tokens=30
    )
    options = (
        ThinkingOptions(effort="low")
        if case.id == "responses"
        else ThinkingOptions(budget_tokens=2000)
    )
    request = as_request("6 x 7?", thinking=options, max_tokens=4000)
    usage = (heard if streamed else complete)(case.client(llmsim, case.thinks), request).usage
    assert usage is not None and (usage.output, usage.reasoning) == (50, 30)


def test_finer_kinds_are_told_apart() -> None:
    """Sound and pictures have prices of their own: Gemini and OpenAI tell how much of each."""
    audio = gemini.usage_of(
        {
            "promptTokenCount": 100,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 10},
                {"modality": "AUDIO", "tokenCount": 90},
            ],
            "cachedContentTokenCount": 40,
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 40}],
        }
    )
    assert audio is not None
    assert audio.details == {"input_audio_tokens": 90, "cache_audio_read_tokens": 40}
    # 10 x $0.30 + 50 x $1.00 + 40 x $0.10 for a million tokens.
    card = PriceBook().card(Target(provider="gemini", model="gemini-2.5-flash"))
    assert card.cost(audio) == 57_000_000


@every_client
def test_the_same_whole_and_streamed(llmsim: FakeServers, case: Case) -> None:
    """A stream tells the usage that the whole answer tells."""
    case.of(llmsim).replies("Yes, indeed it is so.")
    whole = complete(case.client(llmsim), as_request("Hello")).usage
    streamed = heard(case.client(llmsim), as_request("Hello")).usage
    assert whole is not None and streamed is not None
    assert (whole.input, whole.output) == (streamed.input, streamed.output)


def test_counts_whose_beginning_was_lost_are_not_final() -> None:
    """Claude tells the prompt's tokens at the stream's start; the end's alone would price the
    prompt at nothing."""
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    end["usage"] = {"output_tokens": 5}
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 9}}}
    for frames, final in (([end], False), ([start, end], True)):
        decoder = claude.Stream()
        told = [event for value in frames for event in decoder.feed(Frame("", value, b""))]
        assert [e.final for e in told if isinstance(e, UsageEvent)][-1] is final
