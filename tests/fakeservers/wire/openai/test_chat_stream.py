"""A chat completion as a stream of chunks."""

from itertools import groupby
from typing import Any

import pytest

from fakeservers.canonical import Refusal, Text, ToolCall
from fakeservers.wire.base import single

FUNCTION: Any = {"type": "function", "function": {"name": "f"}}
HEAD = ["id", "object", "created", "model", "service_tier", "system_fingerprint", "choices"]


def deltas(chunks: list[dict[str, Any]], index: int = 0) -> list[dict[str, Any]]:
    """The deltas of one choice."""
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    return [choice["delta"] for choice in choices if choice["index"] == index]


def test_grammar(chunks: Any) -> None:
    """A text opens with its role, and ends with an empty delta that says why."""
    told = chunks(Text("Hello you"))
    first, *middle, last = deltas(told)
    assert list(first.items()) == [("role", "assistant"), ("content", ""), ("refusal", None)]
    assert "".join(delta["content"] for delta in middle) == "Hello you"
    assert last == {}
    assert [chunk["choices"][0]["finish_reason"] for chunk in told[-2:]] == [None, "stop"]


def test_every_chunk_repeats_the_head(chunks: Any) -> None:
    """The chunks differ in nothing but choices and padding, whose length varies."""
    told = chunks(Text("a b c d e f"))
    assert {tuple(chunk) for chunk in told} == {(*HEAD, "obfuscation")}
    assert len({str([chunk[key] for key in HEAD[:-1]]) for chunk in told}) == 1
    assert len({len(chunk["obfuscation"]) for chunk in told}) > 3


def test_choice_fields(chunks: Any) -> None:
    """A choice has its recorded fields in order; models that think leave `logprobs` out."""
    (choice,) = chunks(Text("x"))[0]["choices"]
    assert list(choice) == ["index", "delta", "logprobs", "finish_reason"]
    (choice,) = chunks(Text("x"), model="gpt-5-2025-08-07")[0]["choices"]
    assert list(choice) == ["index", "delta", "finish_reason"]


def test_without_obfuscation(chunks: Any) -> None:
    """The padding can be switched off."""
    told = chunks(Text("x"), stream_options={"include_obfuscation": False})
    assert not any("obfuscation" in chunk for chunk in told)


def test_usage(chunks: Any) -> None:
    """With `include_usage` every chunk has the key, and one without choices has the counts."""
    *told, last = chunks(Text("x"), stream_options={"include_usage": True})
    assert [chunk["usage"] for chunk in told] == [None] * len(told)
    assert list(told[0])[-3:] == ["choices", "usage", "obfuscation"]
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 15)


def test_one_call(chunks: Any) -> None:
    """A lone call is opened in the first chunk; the others bring its arguments."""
    first, *middle, _ = deltas(chunks(ToolCall("f", {"city": "Rome"}, "c1"), tools=[FUNCTION]))
    assert list(first) == ["role", "content", "tool_calls", "refusal"]
    assert first["content"] is None
    opened = {"index": 0, "id": "c1", "type": "function"}
    assert first["tool_calls"] == [opened | {"function": {"name": "f", "arguments": ""}}]
    pieces = [delta["tool_calls"][0]["function"]["arguments"] for delta in middle]
    assert ("".join(pieces), len(pieces) > 1) == ('{"city":"Rome"}', True)


def test_parallel_calls(chunks: Any) -> None:
    """Several calls are opened one after the other, after a chunk with role and content alone."""
    calls = ToolCall("f", {"a": 1}), ToolCall("f", {"b": 2})
    first, *middle, _ = deltas(chunks(*calls, finish="tool_calls", tools=[FUNCTION]))
    assert first == {"role": "assistant", "content": None}
    told = [delta["tool_calls"][0] for delta in middle]
    assert [index for index, _ in groupby(call["index"] for call in told)] == [0, 1]
    assert len({call["id"] for call in told if "id" in call}) == 2


def test_text_before_a_call(chunks: Any) -> None:
    """Text comes first, then the call is opened in a chunk of its own."""
    first, *middle, _ = deltas(chunks(Text("Look"), ToolCall("f", {"a": 1}), tools=[FUNCTION]))
    assert first == {"role": "assistant", "content": "", "refusal": None}
    assert [next(iter(delta)) for delta in middle[:2]] == ["content", "tool_calls"]


def test_legacy_call(chunks: Any) -> None:
    """The older form opens in the first chunk too."""
    told = chunks(ToolCall("f", {"a": 1}), finish="tool_calls", functions=[{"name": "f"}])
    first, *middle, _ = deltas(told)
    assert first["function_call"] == {"name": "f", "arguments": ""}
    assert "".join(delta["function_call"]["arguments"] for delta in middle) == '{"a":1}'
    assert told[-1]["choices"][0]["finish_reason"] == "function_call"


def test_custom_call(chunks: Any) -> None:
    """A custom tool's free text is streamed as its input."""
    tools = [{"type": "custom", "custom": {"name": "sh"}}]
    first, *middle, _ = deltas(chunks(ToolCall("sh", {"input": "ls -l"}, "c1"), tools=tools))
    opened = {"index": 0, "id": "c1", "type": "custom", "custom": {"name": "sh", "input": ""}}
    assert first["tool_calls"] == [opened]
    assert "".join(delta["tool_calls"][0]["custom"]["input"] for delta in middle) == "ls -l"


def test_refusal(chunks: Any) -> None:
    """A refusal is streamed under its own key."""
    first, *middle, _ = deltas(chunks(Refusal("I can't."), finish="refusal"))
    assert (first["content"], first["refusal"]) == (None, None)
    assert "".join(delta["refusal"] for delta in middle) == "I can't."


def test_choices_take_turns(chunks: Any) -> None:
    """Several choices come interleaved, each whole in itself."""
    told = chunks(Text("one two"), n=2)
    order = [chunk["choices"][0]["index"] for chunk in told]
    assert order == [0, 1] * (len(told) // 2)
    for index in (0, 1):
        text = "".join(delta.get("content") or "" for delta in deltas(told, index))
        assert text == "one two"


@pytest.mark.parametrize("text", ["Hi.", 'é "q" \\ \n\t\x00 😄 \u2028 </script>', " ", "a" * 3000])
def test_text_comes_back(chunks: Any, text: str) -> None:
    """The deltas join to the text, whatever is in it."""
    assert "".join(delta.get("content") or "" for delta in deltas(chunks(Text(text)))) == text


def test_scripted_pieces(chunks: Any) -> None:
    """The pieces of a script are the deltas."""
    _, *middle, _ = deltas(chunks(Text("Hello", chunks=("Hel", "lo"))))
    assert [delta["content"] for delta in middle] == ["Hel", "lo"]


def test_logprobs(chunks: Any) -> None:
    """Each chunk has the log probabilities of its own text, the others have none."""
    told = chunks(Text("Hello you", chunks=("Hello", " you")), logprobs=True)
    opening, one, two, end = (chunk["choices"][0]["logprobs"] for chunk in told)
    assert (opening, end) == (None, None)
    assert [score["content"][0]["token"] for score in (one, two)] == ["Hello", " you"]


def test_content_frames(answer: Any) -> None:
    """Only the chunks that say something count as output."""
    body = answer(Text("Hello you"), stream=True).body
    assert [frame.content for frame in single(body)] == [False, True, True, False, False]


def test_headers(answer: Any) -> None:
    """A stream says that it is one."""
    headers = dict(answer(Text("x"), stream=True).headers)
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
