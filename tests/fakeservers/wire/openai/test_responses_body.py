"""The response object and its items, as one JSON answer."""

import json
import re
from typing import Any

import pytest

from fakeservers.canonical import (
    CompletionResult,
    Part,
    Refusal,
    Reply,
    Stored,
    Text,
    Thinking,
    ToolCall,
    Usage,
)
from fakeservers.rng import Seed
from fakeservers.wire.base import Answer, Stamp
from fakeservers.wire.openai.responses.create import CreateResponse
from tests.fakeservers.support import post

NOW_S = 1_790_000_000.0
FIELDS = """
id object created_at status background billing completed_at error frequency_penalty
incomplete_details instructions max_output_tokens max_tool_calls model moderation output
parallel_tool_calls presence_penalty previous_response_id prompt_cache_key prompt_cache_retention
reasoning safety_identifier service_tier store temperature text tool_choice tool_usage tools
top_logprobs top_p truncation usage user metadata
"""


def answered(
    *parts: Part, finish: Any = "stop", usage: Usage | None = None, **fields: Any
) -> Answer:
    endpoint = CreateResponse()
    body = {"model": "gpt-4o", "input": "Hi", **fields}
    request = endpoint.parse(post("/v1/responses", body))
    result = CompletionResult(
        replies=(Reply(parts=parts, finish=finish),),
        usage=usage or Usage(input_tokens=7, output_tokens=3),
        model="gpt-4o-2024-08-06",
    )
    return endpoint.render(
        request, result, Stamp(ids=Seed("t").ids(), now_s=NOW_S, elapsed_ms=1500)
    )


def body(*parts: Part, **fields: Any) -> dict[str, Any]:
    data = answered(*parts, **fields).body
    assert isinstance(data, bytes)
    response: dict[str, Any] = json.loads(data)
    return response


def test_field_order() -> None:
    """The fields stand in the order in which they were recorded."""
    assert list(body(Text("Hello"))) == FIELDS.split()


def test_message_item() -> None:
    """A text is a message with one part."""
    (item,) = body(Text("Hello"))["output"]
    assert item.pop("id").startswith("msg_")
    assert item == {
        "type": "message",
        "status": "completed",
        "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": "Hello"}],
        "role": "assistant",
    }


def test_ids_share_their_start() -> None:
    """Response and items share 16 hex digits and hold the second they were made in."""
    response = body(Text("a"), ToolCall("f"))
    ids = [response["id"], *(item["id"] for item in response["output"])]
    assert [re.sub("_.*", "", id) for id in ids] == ["resp", "msg", "fc"]
    assert len({id.partition("_")[2][:26] for id in ids}) == 1
    assert all(
        re.fullmatch(f"[a-z]+_[0-9a-f]{{16}}00{int(NOW_S):x}[0-9a-f]{{24}}", id) for id in ids
    )


def test_function_calls() -> None:
    """Arguments are compact JSON text; a call without an id gets one."""
    one, two = body(ToolCall("f", {"a": [1, 2]}), ToolCall("g", '{"broken', "call_x"))["output"]
    assert (one["arguments"], two["arguments"]) == ('{"a":[1,2]}', '{"broken')
    assert re.fullmatch("call_[0-9A-Za-z]{24}", one["call_id"])
    assert two["call_id"] == "call_x"


def test_custom_tool_call() -> None:
    """A call of a tool that takes free text carries the text."""
    tools = [{"type": "custom", "name": "run"}]
    (item,) = body(ToolCall("run", {"input": "ls"}, "c"), tools=tools)["output"]
    assert item.pop("id").startswith("ctc_")
    assert item == {
        "type": "custom_tool_call",
        "status": "completed",
        "call_id": "c",
        "input": "ls",
        "name": "run",
    }


def test_refusal() -> None:
    """A refusal is a part of a message that is completed."""
    response = body(Refusal("No."), finish="refusal")
    assert response["status"] == "completed"
    assert response["output"][0]["content"] == [{"type": "refusal", "refusal": "No."}]


@pytest.mark.parametrize(
    ("summary", "shown"), [(None, []), ("auto", [{"type": "summary_text", "text": "Hm"}])]
)
def test_reasoning_item(summary: str | None, shown: list[Any]) -> None:
    """Reasoning is shown as a summary, and only when one was asked for."""
    options = {"summary": summary}
    item, _ = body(Thinking("Hm"), Text("x"), model="gpt-5", reasoning=options)["output"]
    assert (item["type"], item["content"], item["summary"]) == ("reasoning", [], shown)
    assert "encrypted_content" not in item


def test_encrypted_reasoning() -> None:
    """Encrypted reasoning comes when it is asked for."""
    include = ["reasoning.encrypted_content"]
    item, _ = body(Thinking("Hm"), Text("x"), model="gpt-5", include=include)["output"]
    assert list(item) == ["id", "type", "content", "encrypted_content", "summary"]
    assert item["encrypted_content"].startswith("gAAAAAB")


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("length", "max_output_tokens"), ("content_filter", "content_filter")],
)
def test_incomplete(finish: str, reason: str) -> None:
    """A reply that was cut off is incomplete, and so is its last item."""
    response = body(Text("He"), finish=finish)
    assert (response["status"], response["completed_at"]) == ("incomplete", None)
    assert response["incomplete_details"] == {"reason": reason}
    assert response["output"][-1]["status"] == "incomplete"


def test_phases_of_new_models() -> None:
    """Messages of the newest models say whether they comment or answer."""
    first, _call, last = body(Text("a"), ToolCall("f"), Text("b"), model="gpt-5.6")["output"]
    assert (first["phase"], last["phase"]) == ("commentary", "final_answer")
    assert "phase" not in body(Text("a"), model="gpt-4o")["output"][0]


@pytest.mark.parametrize(
    ("model", "asked", "told"),
    [
        ("gpt-4o", None, {"context": None, "effort": None, "summary": None}),
        (
            "gpt-5",
            {"summary": "auto"},
            {
                "context": "current_turn",
                "effort": "medium",
                "mode": "standard",
                "summary": "detailed",
            },
        ),
        (
            "gpt-5.6-sol",
            {"context": "auto", "effort": "low"},
            {"context": "all_turns", "effort": "low", "mode": "standard", "summary": None},
        ),
    ],
)
def test_reasoning_echo(model: str, asked: Any, told: Any) -> None:
    """The effective reasoning options are told, by the model's family."""
    assert body(Text("x"), model=model, reasoning=asked)["reasoning"] == told


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, "default"),
        ("auto", "default"),
        ("fast", "priority"),
        ("priority", "priority"),
        ("flex", "flex"),
    ],
)
def test_service_tier(asked: str | None, told: str) -> None:
    """The tier that served is told, not the one asked for."""
    assert body(Text("x"), service_tier=asked)["service_tier"] == told


def test_tools_are_repeated_with_defaults() -> None:
    """A function is strict unless it says otherwise, and then its schema is closed."""
    schema = {"type": "object", "properties": {}}
    first, second, search = body(
        Text("x"),
        tools=[
            {"type": "function", "name": "f", "parameters": schema},
            {"type": "function", "name": "g", "parameters": schema, "strict": False},
            {"type": "web_search", "user_location": {"city": "Bath"}},
        ],
    )["tools"]
    assert first["parameters"]["additionalProperties"] is False and first["strict"] is True
    assert second["parameters"] == schema and second["strict"] is False
    assert search["user_location"] == {
        "type": "approximate",
        "city": "Bath",
        "country": None,
        "region": None,
        "timezone": None,
    }


def test_format_echo() -> None:
    """A schema is repeated with its description and strictness."""
    form = {"type": "json_schema", "name": "n", "schema": {}}
    assert body(Text("{}"), text={"format": form})["text"] == {
        "format": {
            "type": "json_schema",
            "description": None,
            "name": "n",
            "schema": {},
            "strict": True,
        },
        "verbosity": "medium",
    }


def test_usage() -> None:
    """Cached and reasoning tokens are told as parts of the totals."""
    usage = Usage(
        input_tokens=100,
        output_tokens=20,
        cached_tokens=64,
        cache_write_tokens=8,
        reasoning_tokens=5,
    )
    assert body(Text("x"), usage=usage)["usage"] == {
        "input_tokens": 100,
        "input_tokens_details": {"cache_write_tokens": 8, "cached_tokens": 64},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 120,
    }


def test_logprobs() -> None:
    """Log probabilities come by `include` or by `top_logprobs`, a token each."""
    response = body(Text("a b"), top_logprobs=2)
    tokens = response["output"][0]["content"][0]["logprobs"]
    assert "".join(token["token"] for token in tokens) == "a b"
    assert all(len(token["top_logprobs"]) == 2 and token["logprob"] <= 0 for token in tokens)


# --- what is stored ---------------------------------------------------------------------


def kept(**fields: Any) -> tuple[Stored, ...]:
    return answered(Text("Hello"), **fields).stores


def test_conversation_is_stored_without_instructions() -> None:
    """Instructions are not carried over; the reply and the rest of the input are."""
    items = [{"role": "developer", "content": "Rules."}, {"role": "user", "content": "Hi"}]
    stored, *_ = kept(instructions="Be brief.", input=items)
    assert [message.role for message in stored.messages] == ["system", "user", "assistant"]
    assert [message.text for message in stored.messages] == ["Rules.", "Hi", "Hello"]


def test_stored_calls_have_the_ids_of_the_answer() -> None:
    """A later result finds the call by the id that was sent."""
    stored, *_ = answered(ToolCall("f"), finish="tool_calls").stores
    (call,) = stored.messages[-1].parts
    assert isinstance(call, ToolCall)
    assert call.id == stored.body["output"][0]["call_id"] != ""


def test_input_items_are_stored_in_full_form() -> None:
    """A text becomes a message item with an id."""
    response, item, *_ = kept()
    assert item.collection == f"responses/{response.id}/input_items"
    assert item.body == {
        "id": item.id,
        "type": "message",
        "status": "completed",
        "content": [{"type": "input_text", "text": "Hi"}],
        "role": "user",
    }


def test_nothing_is_stored_when_not_wanted() -> None:
    """`store: false` leaves nothing."""
    assert kept(store=False) == ()
