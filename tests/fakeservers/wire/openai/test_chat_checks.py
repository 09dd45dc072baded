"""What OpenAI refuses in a chat completion request, and what a compatible API takes."""

from typing import Any

import pytest

USER: Any = {"role": "user", "content": "Hi"}
FUNCTION: Any = {"type": "function", "function": {"name": "f"}}
CALL: Any = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLING: Any = {"role": "assistant", "tool_calls": [CALL]}
ANSWERED: Any = {"role": "tool", "tool_call_id": "c1", "content": "21"}
AUDIO: Any = {"type": "input_audio", "input_audio": {"data": "AA", "format": "mp3"}}


@pytest.mark.parametrize(
    ("fields", "code", "param", "words"),
    [
        ({"bogus": 1, "n": "x"}, "unknown_parameter", "bogus", "Unknown parameter: 'bogus'."),
        (
            {"stream": True, "stream_options": {"bogus": True}},
            "unknown_parameter",
            "stream_options.bogus",
            "Unknown parameter: 'stream_options.bogus'.",
        ),
        (
            {"temperature": -1},
            "decimal_below_min_value",
            "temperature",
            "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, "
            "but got -1 instead.",
        ),
        ({"temperature": 3}, "decimal_above_max_value", "temperature", "a value <= 2, but got 3"),
        ({"temperature": "x"}, "invalid_type", "temperature", "expected a decimal"),
        ({"top_logprobs": 21}, "integer_above_max_value", "top_logprobs", "<= 20"),
        ({"max_tokens": 0}, "integer_below_min_value", "max_tokens", ">= 1, but got 0"),
        ({"logprobs": "yes"}, "invalid_type", "logprobs", "expected a boolean"),
        ({"metadata": []}, "invalid_type", "metadata", "expected an object"),
        ({"verbosity": "x"}, "invalid_value", "verbosity", "'low', 'medium', and 'high'."),
        ({"stop": list("abcde")}, "array_above_max_length", "stop", "array with length 5"),
        ({"stream_options": {}}, None, "stream_options", "only allowed when 'stream' is enabled"),
        ({"tools": []}, "empty_array", "tools", "minimum length 1"),
        (
            {"tools": [{"type": "function", "function": {"name": "a b"}}]},
            "invalid_value",
            "tools[0].function.name",
            "'^[a-zA-Z0-9_-]+$'",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "a" * 65}}]},
            "string_above_max_length",
            "tools[0].function.name",
            "a string with length 65",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_fields(
    ask: Any, refused: Any, fields: Any, code: str | None, param: str, words: str
) -> None:
    """A field that there is not, or with a wrong type or value, is refused by its name."""
    error = refused(lambda: ask(**fields))
    assert (error.code, error.param) == (code, param)
    assert words in error.message


@pytest.mark.parametrize(
    ("fields", "code", "param", "words"),
    [
        ({"tool_choice": "auto"}, None, "tool_choice", "only allowed when 'tools' are specified"),
        ({"parallel_tool_calls": True}, None, "parallel_tool_calls", "when 'tools' are specified"),
        ({"messages": [USER, CALLING, USER]}, None, "messages.[2].role", "response messages: c1"),
        ({"messages": [USER, CALLING]}, None, "messages", "response messages: c1"),
        ({"messages": [USER, ANSWERED]}, None, "messages.[1].role", "a response to a preceeding"),
        (
            {"messages": [USER, CALLING, ANSWERED | {"tool_call_id": "c2"}]},
            None,
            "messages.[2].tool_call_id",
            "'tool_call_id' of 'c2' not found",
        ),
        (
            {"messages": [USER, CALLING, {"role": "tool", "content": "21"}]},
            "missing_required_parameter",
            "messages[2].tool_call_id",
            "'messages[2].tool_call_id'",
        ),
        (
            {"response_format": {"type": "json_object"}},
            None,
            "messages",
            "'messages' must contain the word 'json' in some form",
        ),
        (
            {"messages": [USER, {"role": "user", "content": [AUDIO]}]},
            "invalid_value",
            "messages[1]",
            "Invalid 'messages[1]'. Content blocks are expected to be either text or image_url",
        ),
        (
            {"model": "o1-mini", "messages": [{"role": "system", "content": "x"}, USER]},
            "unsupported_value",
            "messages[0].role",
            "'messages[0].role' does not support 'system' with this model.",
        ),
        (
            {"model": "gpt-5", "max_tokens": 9},
            "unsupported_parameter",
            "max_tokens",
            "Use 'max_completion_tokens' instead.",
        ),
        (
            {"model": "gpt-5", "temperature": 0.5},
            "unsupported_value",
            "temperature",
            "'temperature' does not support 0.5 with this model. Only the default (1) value",
        ),
        (
            {"model": "o3", "top_p": 0.5},
            "unsupported_parameter",
            "top_p",
            "'top_p' is not supported with this model.",
        ),
        ({"model": "o3", "stop": "x"}, "unsupported_parameter", "stop", "'stop' is not supported"),
    ],
)
def test_rules(
    ask: Any, refused: Any, fields: Any, code: str | None, param: str, words: str
) -> None:
    """What does not go together, or what the model cannot do, is refused."""
    error = refused(lambda: ask(**fields))
    assert (error.code, error.param) == (code, param)
    assert words in error.message


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [USER, CALLING, ANSWERED]},
        {"messages": [USER, CALLING, ANSWERED, USER]},
        {"model": "gpt-5", "temperature": 1, "max_completion_tokens": 9},
        {"model": "gpt-5.1", "temperature": 0, "stop": ["x"]},
        {"model": "gpt-4o-audio-preview", "messages": [{"role": "user", "content": [AUDIO]}]},
        {"temperature": None, "stop": None, "tools": None, "metadata": None, "user": None},
        {"tools": [FUNCTION], "tool_choice": "auto", "parallel_tool_calls": False},
    ],
    ids=["answered", "goes on", "defaults", "without effort", "audio", "nulls", "tools"],
)
def test_taken(ask: Any, fields: Any) -> None:
    """What is in order passes."""
    assert ask(**fields).messages


@pytest.mark.parametrize("provider", ["gemini", "ollama"])
def test_compatible(ask: Any, provider: str) -> None:
    """A compatible API takes what OpenAI refuses."""
    request = ask(provider, model="gpt-5", bogus=1, max_tokens=9, messages=[USER, CALLING])
    assert request.max_tokens == 9
