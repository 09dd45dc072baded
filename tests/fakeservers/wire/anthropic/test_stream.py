"""Answers as server-sent events."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from fakeservers.canonical import Opaque, Refusal, Text, Thinking, ToolCall, Usage
from fakeservers.wire.base import single

PAIR = re.compile(r"event: (\w+)\ndata: (.*)\n\n")


def events(answer: Any) -> list[tuple[str, dict[str, Any]]]:
    """Names and payloads; every frame must be exactly one event."""
    return list(_events(answer))


def _events(answer: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for frame in single(answer.body):
        match = PAIR.fullmatch(frame.data.decode())
        assert match
        yield match[1], json.loads(match[2])


def deltas(answer: Any) -> list[dict[str, Any]]:
    return [data["delta"] for name, data in events(answer) if name == "content_block_delta"]


def test_grammar(answer: Any) -> None:
    """The events of one text block, with the ping after the block's start."""
    said = events(answer(Text("Hi.", chunks=("H", "i.")), stream=True))
    assert [name for name, _ in said] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert all(data["type"] == name for name, data in said)


def test_headers(answer: Any) -> None:
    """A stream says so, charset included, and may not be cached."""
    headers = dict(answer(Text("Hi."), stream=True).headers)
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-cache"


def test_padding(answer: Any) -> None:
    """0 to 15 spaces stand before the last brace of every event but a ping, not always as many."""
    frames = [frame.data for frame in single(answer(Text("word " * 200), stream=True).body)]
    padded = [frame for frame in frames if not frame.startswith(b"event: ping")]
    widths = {len(re.search(rb"( *)\}\n\n$", frame)[1]) for frame in padded}  # type: ignore[index]
    assert widths == set(range(16))
    assert b'data: {"type": "ping"}\n\n' in b"".join(frames)


def test_start(answer: Any) -> None:
    """The message starts empty, not stopped, with the prompt counted."""
    counts = Usage(input_tokens=10, output_tokens=50)
    (_, data), *_ = events(answer(Text("Hi."), usage=counts, stream=True))
    message = data["message"]
    assert (message["content"], message["stop_reason"]) == ([], None)
    assert message["usage"]["input_tokens"] == 10
    assert 1 <= message["usage"]["output_tokens"] <= 8


@pytest.mark.parametrize("text", ["Hi.", 'é "q" \\ \n\t\x00 😄 \u2028 </script>', " ", "a" * 3000])
def test_text_comes_back(answer: Any, text: str) -> None:
    """The text deltas join to the text, whatever is in it."""
    found = deltas(answer(Text(text), stream=True))
    assert {delta["type"] for delta in found} == {"text_delta"}
    assert "".join(delta["text"] for delta in found) == text


def test_thinking_is_signed_at_its_end(answer: Any) -> None:
    """Thinking deltas join to the thinking; one signature follows."""
    *thoughts, signature = deltas(answer(Thinking("Let me see.", "c2ln"), stream=True))
    assert "".join(delta["thinking"] for delta in thoughts) == "Let me see."
    assert signature == {"type": "signature_delta", "signature": "c2ln"}


def test_omitted_thinking_has_only_a_signature(answer: Any) -> None:
    """With `display: omitted` one delta of no thinking is streamed before it."""
    thinking = {"type": "adaptive", "display": "omitted"}
    empty, signed = deltas(answer(Thinking("Let me see."), stream=True, thinking=thinking))
    assert empty == {"type": "thinking_delta", "thinking": ""}
    assert signed["type"] == "signature_delta"


@pytest.mark.parametrize("arguments", [{"city": "Paris", "days": [1, 2]}, '{"city": "Par'])
def test_arguments_come_in_fragments(answer: Any, arguments: Any) -> None:
    """The first fragment is empty; all join to the arguments, broken ones as they are."""
    first, *rest = deltas(answer(ToolCall("weather", arguments), stream=True))
    assert first == {"type": "input_json_delta", "partial_json": ""}
    joined = "".join(delta["partial_json"] for delta in rest)
    assert joined == (arguments if isinstance(arguments, str) else json.dumps(arguments))


def test_call_without_arguments(answer: Any) -> None:
    """No arguments are one empty fragment."""
    assert deltas(answer(ToolCall("now"), stream=True)) == [
        {"type": "input_json_delta", "partial_json": ""}
    ]


def test_blocks_are_numbered(answer: Any) -> None:
    """Blocks start empty, in order, and each event carries its block's index."""
    said = events(answer(Text("a"), ToolCall("b", {"x": 1}), ToolCall("c"), stream=True))
    starts = [data for name, data in said if name == "content_block_start"]
    assert [start["index"] for start in starts] == [0, 1, 2]
    assert starts[0]["content_block"] == {"type": "text", "text": ""}
    assert starts[1]["content_block"]["input"] == {}


def test_end(answer: Any) -> None:
    """The message's end says why it stopped and what it cost."""
    counts = Usage(input_tokens=9, cached_tokens=4, output_tokens=7, reasoning_tokens=2)
    reply = {"finish": "stop_sequence", "stop_sequence": "END"}
    *_, (_, data), _ = events(answer(Text("x"), usage=counts, reply=reply, stream=True))
    assert data["delta"] == {
        "stop_reason": "stop_sequence",
        "stop_sequence": "END",
        "stop_details": None,
    }
    assert data["usage"] == {
        "input_tokens": 5,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 4,
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 2},
    }


def test_refusal_has_no_block(answer: Any) -> None:
    """A refusal is said at the end; without a block there is no ping."""
    said = events(answer(Refusal("No."), reply={"finish": "refusal"}, stream=True))
    assert [name for name, _ in said] == ["message_start", "message_delta", "message_stop"]
    assert said[1][1]["delta"]["stop_details"]["explanation"] == "No."


def test_a_block_given_as_it_is_arrives_whole(answer: Any) -> None:
    """What has no deltas stands complete in its start."""
    block = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    said = events(answer(Opaque(block), stream=True))
    assert said[1][1]["content_block"] == block
    assert said[3][0] == "content_block_stop"


def test_only_output_counts_as_content(answer: Any) -> None:
    """Frames with output are told from envelopes."""
    frames = list(single(answer(Thinking("Hm."), Text("Hi."), stream=True).body))
    content = [b"thinking_delta" in f.data or b"text_delta" in f.data for f in frames]
    assert [frame.content for frame in frames] == content
