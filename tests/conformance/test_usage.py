"""Token counts and prompt caching as the official SDKs see them, of all providers."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from anthropic import Anthropic
from google import genai
from google.genai import types
from openai import OpenAI

from fakeservers import FakeServers

LONG = "Every word of this is here to make the prompt long enough to be cached. " * 200
QUESTION = "What is the capital of France?"
MARK: Any = {"type": "ephemeral"}
HOUR: Any = {"type": "ephemeral", "ttl": "1h"}
CITY: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture
def claude(servers: FakeServers, http: httpx2.Client) -> Anthropic:
    return Anthropic(http_client=http, max_retries=0)


@pytest.fixture
def openai(servers: FakeServers, http: httpx2.Client) -> OpenAI:
    return OpenAI(http_client=http, max_retries=0)


@pytest.fixture
def gemini(servers: FakeServers, http: httpx2.Client) -> genai.Client:
    return genai.Client(http_options=types.HttpOptions(httpx_client=http))


def ask_claude(client: Anthropic, text: str, **block: Any) -> Any:
    """The usage of a request with `text` as its system prompt."""
    answer = client.messages.create(
        model="claude-sonnet-5",
        max_tokens=50,
        system=[{"type": "text", "text": text, **block}],
        messages=[{"role": "user", "content": QUESTION}],
    )
    return answer.usage


def chat_usage(client: OpenAI, text: str) -> tuple[int, int]:
    """Prompt tokens and the cached ones among them."""
    message: Any = {"role": "user", "content": text}
    usage = client.chat.completions.create(model="gpt-4o", messages=[message]).usage
    assert usage is not None and usage.prompt_tokens_details is not None
    return usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens or 0


def response_usage(client: OpenAI, text: str) -> tuple[int, int]:
    usage = client.responses.create(model="gpt-4o", input=text).usage
    assert usage is not None
    return usage.input_tokens, usage.input_tokens_details.cached_tokens


def streamed_usage(client: OpenAI, text: str) -> tuple[int, int]:
    chunks = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": text}],
        stream=True,
        stream_options={"include_usage": True},
    )
    (usage,) = [chunk.usage for chunk in chunks if chunk.usage is not None]
    assert usage.prompt_tokens_details is not None
    return usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens or 0


@pytest.mark.parametrize("usage", [chat_usage, response_usage, streamed_usage])
def test_openai_reports_cached_tokens(
    openai: OpenAI, usage: Callable[[OpenAI, str], tuple[int, int]]
) -> None:
    """The second identical long prompt has most of its tokens from the cache."""
    first, second = usage(openai, LONG), usage(openai, LONG)
    assert first[1] == 0 and first[0] == second[0]
    assert second[0] - 256 < second[1] <= second[0] and second[1] % 128 == 0


def test_claude_writes_and_reads(claude: Anthropic) -> None:
    """Creation, split by how long it lasts, then a read; the rest is plain input."""
    first = ask_claude(claude, LONG, cache_control=MARK)
    second = ask_claude(claude, LONG, cache_control=MARK)
    assert first.cache_creation.ephemeral_5m_input_tokens == first.cache_creation_input_tokens
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens > 1024
    assert first.input_tokens == second.input_tokens < 30


def test_claude_caches_for_an_hour(claude: Anthropic) -> None:
    """`ttl: 1h` is told apart in the usage."""
    usage = ask_claude(claude, LONG, cache_control=HOUR)
    assert usage.cache_creation.ephemeral_1h_input_tokens == usage.cache_creation_input_tokens > 0
    assert usage.cache_creation.ephemeral_5m_input_tokens == 0


def test_claude_caches_automatically(claude: Anthropic) -> None:
    """A mark at the top level stands after the last block; what opens the reply is not cached."""
    asked: Any = {
        "model": "claude-sonnet-5",
        "max_tokens": 50,
        "cache_control": MARK,
        "messages": [{"role": "user", "content": LONG}],
    }
    claude.messages.create(**asked)
    with claude.messages.stream(**asked) as stream:
        usage = stream.get_final_message().usage
    assert (usage.cache_read_input_tokens or 0) > 1024 and 2 <= usage.input_tokens <= 7


def test_without_a_mark_claude_caches_nothing(claude: Anthropic) -> None:
    """However often a prompt comes."""
    usage = [ask_claude(claude, LONG) for _ in range(2)][-1]
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (0, 0)


def test_gemini_reports_cached_tokens(gemini: genai.Client) -> None:
    """Implicit caching: the second identical long prompt tells what was cached."""
    asked = [
        gemini.models.generate_content(model="gemini-2.5-flash", contents=LONG).usage_metadata
        for _ in range(2)
    ]
    first, second = asked
    assert first is not None and second is not None
    assert first.cached_content_token_count is None
    assert 2048 <= (second.cached_content_token_count or 0) < (second.prompt_token_count or 0)


def test_reset_empties_the_caches(servers: FakeServers, openai: OpenAI) -> None:
    """Each test begins with cold caches."""
    chat_usage(openai, LONG)
    servers.reset()
    assert chat_usage(openai, LONG)[1] == 0


def test_scripted_counts_win(servers: FakeServers, openai: OpenAI) -> None:
    """A prompt that the script counts is cached only as the script says."""
    servers.openai.counts(input_tokens=5000)
    assert [chat_usage(openai, LONG) for _ in range(2)] == [(5000, 0), (5000, 0)]
    servers.openai.counts(cached_tokens=4096)
    assert chat_usage(openai, LONG)[1] == 4096


def test_claude_counts_as_it_bills(claude: Anthropic) -> None:
    """count_tokens and the usage of the same request agree."""
    asked: Any = {
        "model": "claude-sonnet-5",
        "system": "Be brief.",
        "tools": [{"name": "get_weather", "description": "Weather.", "input_schema": CITY}],
        "messages": [{"role": "user", "content": QUESTION}],
    }
    counted = claude.messages.count_tokens(**asked).input_tokens
    assert counted == claude.messages.create(**asked, max_tokens=50).usage.input_tokens > 400


def test_openai_counts_as_it_bills(openai: OpenAI) -> None:
    """/responses/input_tokens and the usage of the same request agree."""
    tool: Any = {"type": "function", "name": "get_weather", "parameters": CITY, "strict": False}
    asked: Any = {"model": "gpt-5-mini", "input": QUESTION, "tools": [tool]}
    counted = openai.responses.input_tokens.count(**asked).input_tokens
    usage = openai.responses.create(**asked).usage
    assert usage is not None and counted == usage.input_tokens > 30


def test_gemini_counts_as_it_bills(gemini: genai.Client) -> None:
    """countTokens and the usage of the same request agree, by modality too."""
    picture = types.Part.from_bytes(data=b"\x89PNG\r\n\x1a\n" + b"\0" * 32, mime_type="image/png")
    asked: Any = {"model": "gemini-2.5-flash", "contents": [QUESTION, picture]}
    counted = gemini.models.count_tokens(**asked)
    usage = gemini.models.generate_content(**asked).usage_metadata
    assert usage is not None and counted.total_tokens == usage.prompt_token_count
    assert [d.modality for d in usage.prompt_tokens_details or ()] == ["TEXT", "IMAGE"]
