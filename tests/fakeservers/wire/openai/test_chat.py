"""A chat completion as one JSON object."""

import json
from typing import Any

import pytest

from fakeservers.canonical import Refusal, Text, Thinking, ToolCall

FUNCTION: Any = {"type": "function", "function": {"name": "f"}}
ONE_CHOICE = ["index", "message", "logprobs", "finish_reason"]


def test_body(said: Any) -> None:
    """The fields stand in their recorded order, with all details of the usage."""
    body = said(Text("Hello"))
    assert list(body) == [
        "id",
        "object",
        "created",
        "model",
        "choices",
        "usage",
        "service_tier",
        "system_fingerprint",
    ]
    assert len(body["id"]) == len("chatcmpl-") + 29
    assert (body["created"], body["model"]) == (1_790_000_000, "gpt-4o-mini-2024-07-18")
    assert body["usage"] == {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 1,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def test_choice(said: Any) -> None:
    """A choice and its message have their recorded fields, in order."""
    (choice,) = said(Text("Hello"))["choices"]
    assert list(choice) == ONE_CHOICE
    message = {"role": "assistant", "content": "Hello", "refusal": None, "annotations": []}
    assert list(choice["message"].items()) == list(message.items())
    assert (choice["logprobs"], choice["finish_reason"]) == (None, "stop")


def test_calls(said: Any) -> None:
    """Calls stand between content and refusal, each with an id of its own."""
    parts = ToolCall("f", {"a": 1}), ToolCall("f", '{"broken', "call_mine")
    (choice,) = said(*parts, finish="tool_calls", tools=[FUNCTION])["choices"]
    message = choice["message"]
    assert list(message) == ["role", "content", "tool_calls", "refusal", "annotations"]
    first, second = message["tool_calls"]
    assert len(first.pop("id")) == len("call_") + 24
    assert first == {"type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    assert (second["id"], second["function"]["arguments"]) == ("call_mine", '{"broken')
    assert (message["content"], choice["finish_reason"]) == (None, "tool_calls")


def test_legacy_call(said: Any) -> None:
    """Who offers `functions` gets a `function_call`."""
    call = ToolCall("f", {"a": 1})
    (choice,) = said(call, finish="tool_calls", functions=[{"name": "f"}])["choices"]
    assert list(choice["message"])[2] == "function_call"
    assert choice["message"]["function_call"] == {"name": "f", "arguments": '{"a":1}'}
    assert choice["finish_reason"] == "function_call"


@pytest.mark.parametrize(
    ("arguments", "input"),
    [({"input": "ls -l"}, "ls -l"), ("ls -l", "ls -l"), ({"a": 1}, '{"a":1}')],
    ids=["argument", "text", "other"],
)
def test_custom_call(said: Any, arguments: Any, input: str) -> None:
    """A call of a custom tool carries free text."""
    tools = [{"type": "custom", "custom": {"name": "sh"}}]
    (choice,) = said(ToolCall("sh", arguments, "c1"), tools=tools)["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert call == {"id": "c1", "type": "custom", "custom": {"name": "sh", "input": input}}


@pytest.mark.parametrize(
    ("parts", "content", "refusal"),
    [
        ((Text("a"), Text("b")), "ab", None),
        ((Refusal("No."),), None, "No."),
        ((Text("a"), ToolCall("f")), "a", None),
        ((Thinking("Hm."),), "", None),
    ],
    ids=["texts", "refusal", "text and call", "nothing"],
)
def test_content(said: Any, parts: Any, content: str | None, refusal: str | None) -> None:
    """Content is null only when there is a call or a refusal instead; thinking is not shown."""
    message = said(*parts)["choices"][0]["message"]
    assert (message["content"], message["refusal"]) == (content, refusal)


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "stop"),
        ("stop_sequence", "stop"),
        ("length", "length"),
        ("refusal", "stop"),
        ("content_filter", "content_filter"),
    ],
)
def test_finish(said: Any, finish: str, reason: str) -> None:
    """Every way to end has OpenAI's word."""
    assert said(Text("x"), finish=finish)["choices"][0]["finish_reason"] == reason


@pytest.mark.parametrize(
    ("model", "fingerprint", "has_logprobs"),
    [
        ("gpt-4o-2024-08-06", True, True),
        ("gpt-3.5-turbo-0125", False, True),
        ("gpt-5-2025-08-07", False, False),
        ("o3-mini-2025-01-31", True, False),
        ("gpt-4o-search-preview-2025-03-11", False, False),
        ("gpt-4o-audio-preview-2024-12-17", True, False),
        ("gpt-4.5-preview-2025-02-27", False, False),
    ],
)
def test_families(said: Any, model: str, fingerprint: bool, has_logprobs: bool) -> None:
    """Fingerprint and `logprobs` stand where they were recorded for the model."""
    body = said(Text("x"), model=model)
    assert isinstance(body["system_fingerprint"], str) is fingerprint
    assert ("logprobs" in body["choices"][0]) is has_logprobs


def test_fingerprint_is_the_models(said: Any) -> None:
    """The fingerprint tells models apart, not answers."""
    one, other = said(Text("x")), said(Text("y"))
    assert one["id"] != other["id"]
    assert one["system_fingerprint"] == other["system_fingerprint"]


def test_choices(said: Any) -> None:
    """Every choice has its index."""
    assert [choice["index"] for choice in said(Text("x"), n=3)["choices"]] == [0, 1, 2]


@pytest.mark.parametrize(
    ("tier", "told"), [(None, "default"), ("auto", "default"), ("fast", "priority")]
)
def test_service_tier(said: Any, tier: str | None, told: str) -> None:
    """The tier that served is told, not the one asked for."""
    assert said(Text("x"), service_tier=tier)["service_tier"] == told


def test_stored(answer: Any) -> None:
    """`store: true` leaves the completion and its messages on the server, streamed or not."""
    for stream in (False, True):
        kept, message = answer(Text("x"), store=True, stream=stream, metadata={"a": "b"}).stores
        assert (kept.collection, kept.body["metadata"]) == ("chat_completions", {"a": "b"})
        assert kept.body["choices"][0]["message"]["content"] == "x"
        assert message.collection == f"chat_completions/{kept.id}/messages"


def test_not_stored(answer: Any) -> None:
    """Nothing is kept unless asked for."""
    assert answer(Text("x")).stores == ()


def test_headers(answer: Any) -> None:
    """The usual headers are there, with a request id."""
    headers = dict(answer(Text("x")).headers)
    assert headers["content-type"] == "application/json"
    assert (headers["openai-processing-ms"], headers["openai-version"]) == ("300", "2020-10-01")
    assert headers["x-request-id"].startswith("req_")


def test_lone_surrogate(answer: Any) -> None:
    """Text that is no valid Unicode still makes valid JSON."""
    assert json.loads(answer(Text("a\ud800b")).body)["choices"]
