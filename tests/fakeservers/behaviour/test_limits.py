"""Rate limits: charging rules, refilling, refusals, what headers are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeservers import ScriptError
from fakeservers.behaviour.limits import Limits
from fakeservers.canonical import Rejected, Usage
from fakeservers.wire.registry import installed

METERS = {provider.name: provider.meters for provider in installed()}


def limits(provider="openai", **given):
    made = Limits(METERS[provider])
    made.set(given)
    return made


def ask(made, now_s=0.0, key="k", model="m", chars=400, max_tokens=None):
    return made.ask(key, model, now_s=now_s, chars=chars, max_tokens=max_tokens)


def refused(made, **fields):
    with pytest.raises(Rejected) as caught:
        ask(made, **fields)
    return caught.value.error


def test_nothing_is_refused_until_a_limit_is_set():
    """The meters count, and tell the truth."""
    made = limits()
    for _ in range(20_000):
        asked = ask(made)
    requests = made.settle(asked, Usage())[0]
    assert (requests.limit, requests.remaining) == (10_000, 0)


def test_a_request_over_the_limit_is_told_when_to_come_back():
    """One in sixty seconds: the second waits for the refill of one."""
    made = limits(rpm=1)
    ask(made)
    error = refused(made, now_s=12.0)
    assert (error.status, error.limited.used) == (429, 1)
    assert error.retry_after_s == pytest.approx(48.0)
    ask(made, now_s=60.0)


def test_a_bucket_fills_steadily():
    """Sixty in a minute: one more every second."""
    made = limits(rpm=60)
    for _ in range(60):
        ask(made)
    refused(made, now_s=0.5)
    ask(made, now_s=1.0)


def test_openai_charges_the_larger_of_max_tokens_and_the_estimate():
    """Whatever the answer then takes."""
    made = limits(tpm=1000)
    asked = ask(made, chars=40, max_tokens=900)
    made.settle(asked, Usage(input_tokens=10, output_tokens=1))
    error = refused(made, chars=800)
    assert (error.limited.metered, error.limited.used, error.limited.requested) == (
        "tokens",
        900,
        200,
    )


def test_claude_charges_what_was_not_read_from_the_cache():
    """Cached input is free of the limit, output is counted when it is there."""
    made = limits("claude", itpm=1000, otpm=50)
    asked = ask(made, chars=40)
    used = Usage(input_tokens=5000, cached_tokens=4950, output_tokens=50)
    shown = {reading.metered: reading.remaining for reading in made.settle(asked, used)}
    assert shown == {"requests": 3999, "input_tokens": 950, "output_tokens": 0}
    assert refused(made, chars=40).limited.metered == "output_tokens"


def test_gemini_counts_by_the_minute_of_the_clock():
    """A request at second 59 has no bearing on one at second 60."""
    made = limits("gemini", rpm=1)
    ask(made, now_s=59.0)
    assert refused(made, now_s=59.5).retry_after_s == pytest.approx(0.5)
    ask(made, now_s=60.0)


def test_gemini_has_days_that_end_at_midnight_pacific():
    """Eight hours after midnight UTC."""
    made = limits("gemini", rpd=1)
    ask(made, now_s=7 * 3600)
    assert refused(made, now_s=7.5 * 3600).retry_after_s == pytest.approx(1800)
    ask(made, now_s=8 * 3600)


def test_keys_and_models_have_limits_of_their_own():
    """One does not use up another's."""
    made = limits(rpm=1)
    ask(made, key="a")
    ask(made, key="b")
    ask(made, key="a", model="other")
    refused(made, key="a")


@pytest.mark.parametrize("provider", ["openai", "claude", "gemini", "ollama"])
def test_an_unknown_limit_names_those_there_are(provider):
    """Ollama has none."""
    with pytest.raises(ScriptError, match="the limits of this provider are"):
        limits(provider, ipm=1)


@given(
    gaps=st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=80),
    rpm=st.integers(1, 30),
)
def test_no_minute_ever_admits_more_than_a_bucket_can_hold(gaps, rpm):
    """In any window of a minute at most twice the limit, the bucket and its refill; a request
    told to wait is admitted when it does."""
    made, now_s, admitted = limits(rpm=rpm), 0.0, []
    for gap in gaps:
        now_s += gap
        try:
            ask(made, now_s=now_s)
        except Rejected as rejected:
            now_s += rejected.error.retry_after_s + 1e-6
            ask(made, now_s=now_s)
        admitted.append(now_s)
    for begin in admitted:
        assert sum(begin <= at < begin + 60 for at in admitted) <= 2 * rpm
