"""Prompt caches: what is read and written, when, by whom."""

from dataclasses import replace
from typing import Any

import pytest

from fakeservers.behaviour.caching import PREFIXES_MAX, Asker, PromptCaches
from fakeservers.behaviour.tokens import Counts, count_request
from fakeservers.canonical import Breakpoint, ChatRequest, Message, Text, Usage
from tests.fakeservers.support import chat

LONG = "Every word of this is here to make the prompt long enough to be cached. " * 120
SONNET = "claude-sonnet-4-5"


def claude(*texts: str, marks: dict[int, float], **fields: Any) -> ChatRequest:
    """A message of several blocks, cached after those that `marks` names."""
    parts = tuple(Text(text) for text in texts)
    asked = chat(provider="claude", model=SONNET, messages=(Message("user", parts),), **fields)
    breakpoints = tuple(Breakpoint(blocks=at, ttl_s=ttl_s) for at, ttl_s in marks.items())
    return replace(asked, breakpoints=breakpoints)


def asked(caches: PromptCaches, request: ChatRequest, at_s: float = 0, account: str = "a") -> Usage:
    return caches.charged(request, Counts().chat(request, []), Asker(account=account, now_s=at_s))


def test_claude_writes_then_reads() -> None:
    """The first request creates the prefix, the second reads it, and neither caches the rest."""
    caches, request = PromptCaches(), claude(LONG, "And?", marks={1: 300})
    first, second = asked(caches, request), asked(caches, request, 1)
    assert first.cached_tokens == 0 and first.cache_write_tokens > 1024
    assert second.cached_tokens == first.cache_write_tokens and second.cache_write_tokens == 0
    assert first.input_tokens == second.input_tokens > first.cache_write_tokens


def test_a_read_refreshes_and_idleness_expires() -> None:
    """Five minutes after the last use, not after the first, a prefix is gone."""
    caches, request = PromptCaches(), claude(LONG, marks={1: 300})
    asked(caches, request, 0)
    assert asked(caches, request, 299).cached_tokens > 0
    assert asked(caches, request, 598).cached_tokens > 0
    assert asked(caches, request, 898).cached_tokens == 0


def test_an_hour_is_told_apart() -> None:
    """What is written for an hour is counted by itself and outlives five minutes."""
    caches, request = PromptCaches(), claude(LONG, LONG, marks={1: 3600, 2: 300})
    first, later = asked(caches, request), asked(caches, request, 1000)
    assert 0 < first.cache_write_1h_tokens < first.cache_write_tokens
    assert later.cached_tokens == first.cache_write_1h_tokens
    assert later.cache_write_1h_tokens == 0 < later.cache_write_tokens


def test_a_conversation_reads_what_the_last_turn_wrote() -> None:
    """A breakpoint that moves on finds the earlier one behind it, and writes the difference."""
    caches = PromptCaches()
    first = asked(caches, claude(LONG, "one", marks={2: 300}))
    second = asked(caches, claude(LONG, "one", "two", "three", marks={4: 300}))
    assert second.cached_tokens == first.cache_write_tokens
    assert 0 < second.cache_write_tokens < 20


@pytest.mark.parametrize(("between", "found"), [(18, True), (19, True), (20, False)])
def test_claude_looks_back_twenty_blocks(between: int, found: bool) -> None:
    """An earlier prefix that is further behind the breakpoint is not found."""
    caches = PromptCaches()
    asked(caches, claude(LONG, marks={1: 300}))
    more = [f"block {number}" for number in range(between)]
    usage = asked(caches, claude(LONG, *more, marks={1 + between: 300}))
    assert (usage.cached_tokens > 0) is found


def test_a_short_prefix_is_not_cached() -> None:
    """Below the model's minimum a mark does nothing, and is no error."""
    caches, request = PromptCaches(), claude("Short.", marks={1: 300})
    assert asked(caches, request).cache_write_tokens == 0
    haiku = replace(claude(LONG, marks={1: 300}), model="claude-haiku-4-5")
    assert 1024 < count_request(haiku) < 4096
    assert asked(caches, haiku).cache_write_tokens == 0


@pytest.mark.parametrize("change", [{"account": "b"}, {"model": "claude-sonnet-4-6"}])
def test_caches_are_of_one_key_and_model(change: dict[str, str]) -> None:
    """Another key or another model finds nothing."""
    caches, request = PromptCaches(), claude(LONG, marks={1: 300})
    asked(caches, request)
    other = replace(request, model=change.get("model", SONNET))
    assert asked(caches, other, 1, change.get("account", "a")).cached_tokens == 0


def test_openai_caches_long_prompts_in_steps() -> None:
    """The second time the beginning is cached, a multiple of 128 tokens."""
    caches, request = PromptCaches(), chat(LONG, model="gpt-4o")
    assert asked(caches, request).cached_tokens == 0
    cached = asked(caches, request, 1).cached_tokens
    assert cached >= 1024 and cached % 128 == 0
    assert count_request(request) - cached < 256


def test_openai_caches_a_common_beginning() -> None:
    """Instructions that come again are cached though the question is another."""
    caches = PromptCaches()
    asked(caches, chat("One?", system=LONG, model="gpt-4o"))
    same = asked(caches, chat("Two?", system=LONG, model="gpt-4o"), 1)
    changed = asked(caches, chat("Two?", system=f"So: {LONG}", model="gpt-4o"), 2)
    assert same.cached_tokens >= 1024 and changed.cached_tokens == 0


def test_openai_finds_the_common_half_of_a_message() -> None:
    """A prefix may end within a message."""
    caches = PromptCaches()
    asked(caches, chat(LONG + LONG, model="gpt-4o"))
    half = asked(caches, chat(LONG + "Something else. " * 300, model="gpt-4o"), 1)
    assert 1024 <= half.cached_tokens <= count_request(chat(LONG, model="gpt-4o"))


@pytest.mark.parametrize(
    ("model", "raw", "at_s", "cached"),
    [
        ("gpt-4o", {}, 599, True),
        ("gpt-4o", {}, 601, False),
        ("gpt-4o", {"prompt_cache_retention": "24h"}, 80_000, True),
        ("gpt-5.6", {}, 80_000, True),
        ("gpt-5.6", {"prompt_cache_retention": "in_memory"}, 80_000, False),
    ],
)
def test_openai_forgets(model: str, raw: dict[str, str], at_s: float, cached: bool) -> None:
    """After minutes of idleness, or after a day where that is asked for or the model's default."""
    caches, request = PromptCaches(), chat(LONG, model=model, raw=raw)
    asked(caches, request)
    assert (asked(caches, request, at_s).cached_tokens > 0) is cached


def test_prompt_cache_keys_part_the_caches() -> None:
    """Requests with different keys do not meet."""
    caches = PromptCaches()
    asked(caches, chat(LONG, model="gpt-4o", raw={"prompt_cache_key": "one"}))
    other = chat(LONG, model="gpt-4o", raw={"prompt_cache_key": "two"})
    assert asked(caches, other, 1).cached_tokens == 0


@pytest.mark.parametrize(
    ("model", "cached"),
    [("gemini-3-flash-preview", True), ("gemini-2.0-flash", False), ("gemini-2.5-pro", False)],
)
def test_gemini_caches_from_the_models_minimum(model: str, cached: bool) -> None:
    """Implicit caching begins at 1,024 to 4,096 tokens, and with Gemini 2.5."""
    caches, request = PromptCaches(), chat(LONG, provider="gemini", model=model)
    assert 1024 < count_request(request) < 2048
    asked(caches, request)
    again = asked(caches, request, 1)
    assert (again.cached_tokens > 0) is cached and again.cached_tokens < again.input_tokens


def test_ollama_reports_no_cache() -> None:
    """Its answers have no field for one."""
    caches, request = PromptCaches(), chat(LONG, provider="ollama")
    asked(caches, request)
    assert asked(caches, request, 1).cached_tokens == 0


def test_the_same_requests_have_the_same_usage() -> None:
    """Two fakes that are asked the same tell the same."""
    requests = [chat(LONG[: 6000 + 500 * n], model="gpt-4o") for n in (4, 2, 3, 2)]
    one, two = PromptCaches(), PromptCaches()
    assert [asked(one, r, n) for n, r in enumerate(requests)] == [
        asked(two, r, n) for n, r in enumerate(requests)
    ]


def test_prefixes_are_bounded() -> None:
    """The prefix used longest ago makes room."""
    caches = PromptCaches()
    for number in range(PREFIXES_MAX // 1000 + 1):
        asked(caches, chat(f"{number} " + "x " * 150_000, model="gpt-4o"), number)
    assert len(caches) == PREFIXES_MAX
