"""Requests to /v1/messages read, and whole answers written."""

import json
import re
from typing import Any

import pytest

from fakeservers.canonical import (
    CountRequest,
    Opaque,
    OutputFormat,
    Refusal,
    Rejected,
    Text,
    Thinking,
    ThinkingOptions,
    TokenResult,
    ToolCall,
    Usage,
)
from fakeservers.wire.anthropic.messages import CountTokens, Messages

SCHEMA = {"type": "object", "properties": {}}
FORMAT = {"type": "json_schema", "schema": SCHEMA}


def body(answer: Any) -> Any:
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("given", "options"),
    [
        (None, ThinkingOptions()),
        ({"type": "disabled"}, ThinkingOptions()),
        ({"type": "between_tools"}, ThinkingOptions()),
        ({"type": "adaptive"}, ThinkingOptions(enabled=True, visible=False)),
        ({"type": "adaptive", "display": "summarized"}, ThinkingOptions(enabled=True)),
        (
            {"type": "enabled", "budget_tokens": 1024},
            ThinkingOptions(enabled=True, budget_tokens=1024),
        ),
        (
            {"type": "adaptive", "display": "omitted"},
            ThinkingOptions(enabled=True, visible=False),
        ),
    ],
    ids=["absent", "disabled", "between_tools", "adaptive", "shown", "enabled", "omitted"],
)
def test_thinking_options(ask: Any, given: Any, options: ThinkingOptions) -> None:
    """`thinking` says whether, how much and how visibly the model reasons. From Opus 4.7 on
    thoughts are shown only when that is asked for."""
    budget = given is not None and "budget_tokens" in given
    model = "claude-sonnet-4-5" if budget else "claude-opus-4-7"
    assert ask(model=model, thinking=given).thinking == options


@pytest.mark.parametrize(
    "fields", [{"output_config": {"format": FORMAT, "effort": "low"}}, {"output_format": FORMAT}]
)
def test_output_format(ask: Any, fields: dict[str, Any]) -> None:
    """A schema stands in `output_config.format`, or in `output_format` as in 2025."""
    assert ask(**fields).output == OutputFormat(kind="schema", schema=SCHEMA)


def test_other_fields(ask: Any) -> None:
    """Limits, stop sequences and the wish for a stream are read; the rest is accepted."""
    request = ask(
        stop_sequences=["END"],
        stream=True,
        temperature=1,
        top_k=3,
        metadata={"user_id": "u"},
        service_tier="auto",
        cache_control={"type": "ephemeral"},
        container=None,
    )
    assert (request.max_tokens, request.stop, request.stream) == (64, ("END",), True)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model": None}, "model: Field required"),
        ({"model": 4}, "model: Input should be a valid string"),
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": "many"}, "max_tokens: Input should be a valid integer"),
        ({"messages": None}, "messages: Field required"),
        ({"stream": 1}, "stream: Input should be a valid boolean"),
        ({"stop_sequences": "END"}, "stop_sequences: Input should be a valid array"),
        ({"stop_sequences": [1]}, "stop_sequences.0: Input should be a valid string"),
        ({"temperature": "hot"}, "temperature: Input should be a valid number"),
        ({"service_tier": "x"}, "service_tier: Input should be 'auto' or 'standard_only'"),
        ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens: Field required"),
        (
            {"output_config": {"format": {"type": "json_schema"}}},
            "output_config.format.schema: Field required",
        ),
        (
            {"output_config": {"format": {"type": "xml"}}},
            "output_config.format.type: Input should be 'json_schema'",
        ),
    ],
)
def test_wrong_fields(strictly: Any, fields: dict[str, Any], said: str) -> None:
    """An error names the place and the fault."""
    with pytest.raises(Rejected) as caught:
        strictly(**fields)
    assert caught.value.error.message == said


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json(post: Any, data: bytes) -> None:
    """A body that cannot be parsed is rejected, however it is broken."""
    with pytest.raises(Rejected) as caught:
        Messages().parse(post(data))
    assert caught.value.error.kind == "bad_json"


def test_a_message(answer: Any) -> None:
    """A whole answer has the fields of a recorded one, in their order."""
    said = body(answer(Text("Hello.")))
    assert " ".join(said) == (
        "model id type role content stop_reason stop_sequence stop_details usage"
    )
    assert said["content"] == [{"type": "text", "text": "Hello."}]
    assert re.fullmatch(r"msg_01[0-9A-Za-z]{22}", said["id"])


def test_headers(answer: Any) -> None:
    """An answer is JSON and carries a request id of the provider's form."""
    headers = dict(answer(Text("Hello.")).headers)
    assert headers["content-type"] == "application/json"
    assert re.fullmatch(r"req_011[0-9A-Za-z]{21}", headers["request-id"])


def test_tool_calls(answer: Any) -> None:
    """Each call is a block with an id of its own and the caller `direct`."""
    calls = (ToolCall("a", {"x": 1}), ToolCall("b", id="toolu_mine"))
    first, second = body(answer(*calls, reply={"finish": "tool_calls"}))["content"]
    assert re.fullmatch(r"toolu_01[0-9A-Za-z]{22}", first.pop("id"))
    assert first == {
        "type": "tool_use",
        "name": "a",
        "input": {"x": 1},
        "caller": {"type": "direct"},
    }
    assert second["id"] == "toolu_mine"


@pytest.mark.parametrize(
    ("arguments", "input"),
    [
        ('{"x": 1}', {"x": 1}),
        ("", {}),
        ('{"x": ', {}),
        ("[1]", {}),
    ],
)
def test_arguments_given_as_text(answer: Any, arguments: str, input: Any) -> None:
    """Arguments are an object on this wire; a text that is none leaves it empty."""
    (block,) = body(answer(ToolCall("a", arguments)))["content"]
    assert block["input"] == input


@pytest.mark.parametrize(
    ("thinking", "shown"),
    [({"type": "adaptive"}, ""), ({"type": "adaptive", "display": "summarized"}, "Hm.")],
)
def test_thinking(answer: Any, thinking: Any, shown: str) -> None:
    """Thinking is signed, and without its text unless the request asks for that."""
    block, text = body(answer(Thinking("Hm."), Text("Yes."), thinking=thinking))["content"]
    assert (block["thinking"], text["text"]) == (shown, "Yes.")
    assert re.fullmatch(r"E[0-9A-Za-z+/]{99,}=*", block["signature"])


def test_refusal(answer: Any) -> None:
    """A refusal is a stop reason with details, and no content."""
    said = body(answer(Refusal("I can't."), reply={"finish": "refusal"}))
    assert (said["content"], said["stop_reason"]) == ([], "refusal")
    assert said["stop_details"] == {
        "type": "refusal",
        "category": None,
        "explanation": "I can't.",
    }


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("content_filter", "refusal"),
    ],
)
def test_stop_reasons(answer: Any, finish: str, reason: str) -> None:
    """Each way to finish has its stop reason."""
    assert body(answer(Text("x"), reply={"finish": finish}))["stop_reason"] == reason


def test_stop_sequence(answer: Any) -> None:
    """The sequence that stopped the model is named."""
    said = body(answer(Text("x"), reply={"finish": "stop_sequence", "stop_sequence": "END"}))
    assert (said["stop_reason"], said["stop_sequence"]) == ("stop_sequence", "END")


def test_usage(answer: Any) -> None:
    """`input_tokens` is what is left after cache reads and writes."""
    counts = Usage(
        input_tokens=100,
        cached_tokens=60,
        cache_write_tokens=30,
        output_tokens=20,
        reasoning_tokens=8,
    )
    assert body(answer(Text("x"), usage=counts))["usage"] == {
        "input_tokens": 10,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 60,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 8},
        "service_tier": "standard",
        "inference_geo": "global",
    }


def test_a_block_given_as_it_is(answer: Any) -> None:
    """A part that has no canonical form is sent as it stands."""
    block = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    assert body(answer(Opaque(block)))["content"] == [block]


def test_count_tokens(post: Any, stamp: Any) -> None:
    """Counting takes the body of a message, needs no max_tokens and answers with a number."""
    request = CountTokens().parse(
        post({"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}]})
    )
    assert isinstance(request, CountRequest)
    assert request.prompt == "Hi"
    assert body(CountTokens().render(request, TokenResult(input_tokens=8), stamp)) == {
        "input_tokens": 8
    }
