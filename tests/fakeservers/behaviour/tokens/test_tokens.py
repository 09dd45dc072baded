"""Token counts: deterministic, never zero for something, of each provider's own template."""

from base64 import b64encode
from dataclasses import replace
from struct import pack
from typing import Any

import pytest

from fakeservers.behaviour.tokens import (
    Counts,
    count_inputs,
    count_reply,
    count_request,
    count_text,
    segments,
    total,
)
from fakeservers.canonical import (
    EmbedRequest,
    Media,
    Message,
    OutputFormat,
    Reply,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tests.fakeservers.support import chat

PROVIDERS = ("claude", "openai", "gemini", "ollama")
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
LOOK = ToolCall("look", {}, "c")
PNG_400_BY_301 = {
    "data": b64encode(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + pack(">II", 400, 301)).decode()
}
WEATHER = Tool(name="get_weather", description="Current weather of a city.", parameters=CITY)


def test_a_longer_text_has_more_tokens() -> None:
    """About one a word in English."""
    assert count_text("") == 0
    assert 8 <= count_text("The quick brown fox jumps over the lazy dog.") <= 11


@pytest.mark.parametrize("provider", PROVIDERS)
def test_tools_cost_prompt_tokens(provider: str) -> None:
    """A request with a tool counts more than the same without, and with two more still."""
    counts = [
        count_request(chat(provider=provider, tools=tools))
        for tools in ((), (WEATHER,), (WEATHER, Tool(name="g", description="Adds numbers.")))
    ]
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_segments_come_to_the_count(provider: str) -> None:
    """What a prompt cache sees and what usage reports are one count."""
    asked = chat("Hello there", system="Be brief.", provider=provider, tools=(WEATHER,))
    assert total(segments(asked)) == count_request(asked) > 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_longer_conversation_costs_more(provider: str) -> None:
    """Each further message has tokens around it, an empty answer of a tool too."""
    call = Message("assistant", (ToolCall("get_weather", {"city": "Rome"}, "c"),))
    back = Message("tool", (ToolResult("c", "get_weather", ""),))
    start = chat("Weather?", provider=provider).messages
    counts = [
        count_request(chat(provider=provider, messages=messages))
        for messages in (start, (*start, call), (*start, call, back))
    ]
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_thinking_is_part_of_the_output(provider: str) -> None:
    """Reasoning tokens are counted, and told apart."""
    replies = [Reply(parts=(Thinking("a b c"), Text("d")))]
    usage = Counts().chat(chat(provider=provider), replies)
    assert 0 < usage.reasoning_tokens < usage.output_tokens


def test_openai_reasons_in_steps() -> None:
    """Reasoning tokens come in steps of 64, as in every recorded answer."""
    usage = count_reply([Reply(parts=(Thinking("word " * 70), Text("d")))], chat(model="gpt-5"))
    assert usage.reasoning_tokens == 128


def test_a_reply_that_was_cut_has_reached_its_limit() -> None:
    """`finish_reason: length` and `max_tokens` agree to the token."""
    usage = count_reply([Reply(parts=(Text("one two"),), finish="length")], chat(max_tokens=9))
    assert usage.output_tokens == 9


@pytest.mark.parametrize(
    ("model", "prompt", "tokens"),
    [
        ("gpt-4o", "What is the capital of France?", 14),
        ("gpt-5", "What is the capital of France?", 13),
        ("gpt-3.5-turbo", "Is it so? Yes or no", 14),
    ],
)
def test_openai_counts_messages_as_published(model: str, prompt: str, tokens: int) -> None:
    """Four tokens a message and three for the reply, two where the model reasons."""
    assert abs(count_request(chat(prompt, model=model)) - tokens) <= 1


def test_a_forced_tool_has_another_system_prompt() -> None:
    """Claude is told more where it must call a tool."""
    free = chat(provider="claude", model="claude-sonnet-4-5", tools=(WEATHER,))
    forced = chat(
        provider="claude",
        model="claude-sonnet-4-5",
        tools=(WEATHER,),
        tool_choice=ToolChoice(mode="any"),
    )
    assert 60 < count_request(forced) - count_request(free) < 130


def test_hosted_tools_cost_what_comes_with_them() -> None:
    """A tool that the server runs is paid with its instructions, though no reply calls it."""
    raw = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
    plain = chat(provider="claude", model="claude-sonnet-4-5")
    asked = chat(provider="claude", model="claude-sonnet-4-5", raw=raw)
    assert count_request(asked) - count_request(plain) > 1500


def test_deferred_tools_cost_nothing_yet() -> None:
    """A tool that is found by a search has no tokens before that."""
    tool = {"name": "x", "description": "long " * 50, "input_schema": {}, "defer_loading": True}
    plain = chat(provider="claude")
    assert count_request(chat(provider="claude", raw={"tools": [tool]})) == count_request(plain)


def test_a_deferred_tool_is_paid_when_it_was_found() -> None:
    """A search that refers to it puts its definition into the prompt."""
    tool = {"name": "x", "description": "long " * 50, "input_schema": {}, "defer_loading": True}
    found = {"type": "tool_result", "content": [{"type": "tool_reference", "tool_name": "x"}]}
    raw = {"tools": [tool], "messages": [{"role": "user", "content": [found]}]}
    unfound = count_request(chat(provider="claude", raw={"tools": [tool]}))
    assert count_request(chat(provider="claude", raw=raw)) > unfound + 50


@pytest.mark.parametrize("provider", ["claude", "openai"])
def test_a_schema_of_the_answer_is_part_of_the_prompt(provider: str) -> None:
    """Structured output is paid with the prompt."""
    output = OutputFormat(kind="schema", schema=CITY)
    assert count_request(chat(provider=provider, output=output)) > count_request(
        chat(provider=provider)
    )


def test_earlier_thinking_is_forgotten() -> None:
    """Claude's thinking before the last user message is no prompt token, but for newer models."""

    def count(model: str, thought: str) -> int:
        said = Message("assistant", (Thinking(thought), Text("Hi")))
        start = chat().messages
        messages = (*start, said, *start)
        return count_request(chat(provider="claude", model=model, messages=messages))

    older, newer = "claude-sonnet-4-5", "claude-opus-4-6"
    assert count(older, "long " * 50) == count(older, "")
    assert count(newer, "long " * 50) > count(newer, "")


@pytest.mark.parametrize("provider", ["claude", "gemini", "openai"])
def test_pictures_that_a_tool_returns_are_counted(provider: str) -> None:
    """They cost what they cost in a message of the user's."""
    picture = Media("image", "image/png", PNG_400_BY_301)
    start = (*chat("Look.", provider=provider).messages, Message("assistant", (LOOK,)))

    def counted(*media: Media) -> int:
        back = Message("tool", (ToolResult("c", "look", "ok", media=media),))
        return count_request(chat(provider=provider, messages=(*start, back)))

    assert counted(picture, picture) - counted(picture) == counted(picture) - counted() > 100


SEALED = b64encode(b"\x12\xfa\x0b" + b"x" * 1530).decode()
"""A signature as Gemini 3 sends it, of 1,530 bytes."""


@pytest.mark.parametrize(
    ("model", "signature", "tokens"),
    [
        ("gemini-3-flash-preview", SEALED, 400),
        ("gemini-3-flash-preview", "no base64!", 0),
        ("gemini-3-flash-preview", "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=", 0),
        ("gemini-2.5-flash", SEALED, 0),
    ],
)
def test_gemini_3_reads_its_thoughts_of_this_turn(model: str, signature: str, tokens: int) -> None:
    """Those behind its calls are in the prompt until the user says something new."""
    back = Message("tool", (ToolResult("c", "look", "ok"),))

    def counted(signature: str, *after: Message) -> int:
        call = Message("assistant", (replace(LOOK, signature=signature),))
        asked = chat("Look.", provider="gemini", model=model)
        return count_request(replace(asked, messages=(*asked.messages, call, back, *after)))

    assert counted(signature) - counted("") == tokens
    said = Message("user", (Text("And now?"),))
    assert counted(signature, said) == counted("", said)


def test_tokens_of_media_are_told_apart() -> None:
    """Usage says how many of the prompt's tokens are of an image."""
    parts = (Media("image", "image/png", {}), Text("What is it?"))
    usage = Counts().chat(chat(provider="gemini", messages=(Message("user", parts),)), [])
    assert usage.modalities == (("image", 258),) and usage.input_tokens > 258


@pytest.mark.parametrize(
    ("given", "tokens"), [([1, 70_000, 3], 3), ([[1, 2], [3]], 3), ([], 1), ([[1], "a"], 1)]
)
def test_token_numbers_are_counted_as_they_are(given: Any, tokens: int) -> None:
    """Inputs that are token numbers need no counting; anything else is text."""
    request = EmbedRequest(
        provider="openai",
        endpoint="embeddings.create",
        model="text-embedding-3-small",
        inputs=("word",),
        raw={"input": given},
    )
    assert count_inputs(request) == tokens
