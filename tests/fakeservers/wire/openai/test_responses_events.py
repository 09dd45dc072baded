"""The stream of a response."""

import json
from itertools import pairwise
from typing import Any

import pytest

from fakeservers.canonical import (
    CompletionResult,
    Part,
    Refusal,
    Reply,
    Text,
    Thinking,
    ToolCall,
    Usage,
)
from fakeservers.rng import Seed
from fakeservers.wire.base import Answer, Frame, Stamp, single
from fakeservers.wire.openai.responses.create import CreateResponse
from tests.fakeservers.support import post

MESSAGE = ["output_item.added", "content_part.added"]
MESSAGE_END = ["content_part.done", "output_item.done"]


def streamed(*parts: Part, finish: Any = "stop", **fields: Any) -> Answer:
    endpoint = CreateResponse()
    body = {"model": "gpt-5.6", "input": "Hi", "stream": True, **fields}
    request = endpoint.parse(post("/v1/responses", body))
    result = CompletionResult(
        replies=(Reply(parts=parts, finish=finish),), usage=Usage(), model="gpt-5.6-sol"
    )
    return endpoint.render(request, result, Stamp(ids=Seed("t").ids(), now_s=1.79e9))


def frames(*parts: Part, **fields: Any) -> list[Frame]:
    body = streamed(*parts, **fields).body
    assert not isinstance(body, bytes)
    return list(single(body))


def events(*parts: Part, **fields: Any) -> list[dict[str, Any]]:
    found = []
    for frame in frames(*parts, **fields):
        name, data, *rest = frame.data.decode().split("\n")
        told = json.loads(data.removeprefix("data: "))
        assert name == f"event: {told['type']}" and rest == ["", ""]
        found.append(told)
    return found


def grammar(*parts: Part, **fields: Any) -> list[str]:
    """The names of the events, without `response.` and without repetitions."""
    names = [event["type"].removeprefix("response.") for event in events(*parts, **fields)]
    return [names[0], *(after for before, after in pairwise(names) if before != after)]


@pytest.mark.parametrize(
    ("parts", "between"),
    [
        ((Text("Hello you"),), [*MESSAGE, "output_text.delta", "output_text.done", *MESSAGE_END]),
        ((Refusal("No way"),), [*MESSAGE, "refusal.delta", "refusal.done", *MESSAGE_END]),
        (
            (ToolCall("f", {"a": 1}), ToolCall("g", {"b": 2})),
            [
                "output_item.added",
                "function_call_arguments.delta",
                "function_call_arguments.done",
                "output_item.done",
            ]
            * 2,
        ),
        ((Thinking("Hm"),), ["output_item.added", "output_item.done"]),
    ],
    ids=["text", "refusal", "parallel calls", "hidden reasoning"],
)
def test_grammar(parts: tuple[Part, ...], between: list[str]) -> None:
    """The events of each kind of item, between the opening and the end."""
    assert grammar(*parts) == ["created", "in_progress", *between, "completed"]


def test_grammar_of_a_summary() -> None:
    """A summary of the reasoning is streamed part by part."""
    assert grammar(Thinking("Hm hm"), reasoning={"summary": "auto"})[2:-1] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]


def test_grammar_of_a_custom_tool() -> None:
    """The free text of a custom tool is streamed."""
    tools = [{"type": "custom", "name": "run"}]
    assert grammar(ToolCall("run", "ls -l"), tools=tools)[2:-1] == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]


def test_background_begins_in_the_queue() -> None:
    """A background response is queued first."""
    told = events(Text("x"), background=True)[:3]
    assert [event["response"]["status"] for event in told] == ["queued", "queued", "in_progress"]
    assert [event["type"] for event in told][1] == "response.queued"


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_cut_off(finish: str) -> None:
    """A reply that was cut off ends with `response.incomplete`."""
    last = events(Text("x"), finish=finish)[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["status"] == "incomplete"


def test_numbers_have_no_gap() -> None:
    """Events are numbered from 0."""
    numbers = [event["sequence_number"] for event in events(Text("a b c"), ToolCall("f"))]
    assert numbers == list(range(len(numbers)))


def test_field_order_of_events() -> None:
    """`type` comes first, the other fields by name."""
    told = events(Thinking("Hm"), Text("a"), ToolCall("f"), reasoning={"summary": "auto"})
    assert all(list(event) == ["type", *sorted(set(event) - {"type"})] for event in told)


def test_opening_is_empty() -> None:
    """The response begins without output, usage and billing."""
    response = events(Text("x"))[0]["response"]
    assert (response["output"], response["usage"], response["completed_at"]) == ([], None, None)
    assert (response["service_tier"], "billing" in response) == ("auto", False)


def test_end_is_the_whole_response() -> None:
    """The last event has the finished response, with the items of the `done` events."""
    told = events(Text("x"), ToolCall("f"))
    done = [event["item"] for event in told if event["type"] == "response.output_item.done"]
    assert told[-1]["response"]["output"] == done
    assert told[-1]["response"]["usage"] is not None


def test_added_items_are_in_progress_and_empty() -> None:
    """An item is added before it has content."""
    told = events(Text("x"), ToolCall("f", {"a": 1}))
    message, call = (
        event["item"] for event in told if event["type"] == "response.output_item.added"
    )
    assert (message["status"], message["content"]) == ("in_progress", [])
    assert (call["status"], call["arguments"]) == ("in_progress", "")


def test_deltas_join_to_the_text() -> None:
    """Deltas, joined, are the text; all else is an envelope."""
    text = 'Ünïcode, "quotes"\nand \ud83d\ude00'.encode("utf-16", "surrogatepass").decode("utf-16")
    told = frames(Text(text))
    deltas = [
        json.loads(frame.data.split(b"data: ")[1])["delta"] for frame in told if frame.content
    ]
    assert "".join(deltas) == text
    assert not any(b'.delta"' in frame.data for frame in told if not frame.content)


def test_scripted_chunks_are_kept() -> None:
    """A text is cut as the script says."""
    told = events(Text("abcd", ("a", "bcd")))
    assert [event["delta"] for event in told if "delta" in event] == ["a", "bcd"]


def test_obfuscation_pads_to_a_multiple() -> None:
    """Delta and padding together have a multiple of 16 characters."""
    told = [event for event in events(Text("Hello there")) if "delta" in event]
    assert all((len(e["delta"]) + len(e["obfuscation"])) % 16 == 0 for e in told)


def test_obfuscation_can_be_left_out() -> None:
    """`include_obfuscation: false` leaves the padding out."""
    told = events(Text("Hello"), stream_options={"include_obfuscation": False})
    assert not any("obfuscation" in event for event in told)


def test_logprobs_of_deltas() -> None:
    """Each delta has the log probability of its token."""
    told = events(Text("a b"), include=["message.output_text.logprobs"])
    deltas = [event for event in told if "delta" in event]
    assert [[entry["token"] for entry in event["logprobs"]] for event in deltas] == [["a"], [" b"]]


def test_headers() -> None:
    """A stream is announced as events in UTF-8."""
    headers = dict(streamed(Text("x")).headers)
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["x-request-id"].startswith("req_")
