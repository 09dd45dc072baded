"""Loose values become replies, or an error that says what to write."""

from datetime import date

import pytest
from pydantic import BaseModel, Field

from fakeservers.behaviour.replies import (
    raw,
    refusal,
    reply,
    scripted,
    structured,
    text,
    thinking,
    tool_call,
)
from fakeservers.canonical import RawReply, Reply, Text, Thinking, ToolCall
from fakeservers.errors import ScriptError


@pytest.mark.parametrize(
    ("value", "parts", "finish"),
    [
        ("hi", (Text("hi"),), "stop"),
        ({"a": 1}, (Text('{"a":1}'),), "stop"),
        (tool_call("f", x=1), (ToolCall("f", {"x": 1}),), "tool_calls"),
        ([thinking("hm"), "hi"], (Thinking("hm"), Text("hi")), "stop"),
        (refusal("no"), (refusal("no"),), "refusal"),
        (reply("hi", finish="length"), (Text("hi"),), "length"),
        (reply("hi", stop_sequence="!"), (Text("hi"),), "stop_sequence"),
    ],
    ids=str,
)
def test_a_value_becomes_a_reply(value, parts, finish):
    """Text, JSON object, part, list of parts and whole reply."""
    made = scripted(value)
    assert (made.parts, made.finish) == (parts, finish)


class City(BaseModel):
    name: str
    founded: date = Field(alias="since")


def test_an_instance_of_a_model_is_its_json():
    """As the model that is asked for this schema writes it, alone or among other parts."""
    oslo, text = City(name="Oslo", since=date(1048, 1, 1)), '{"name":"Oslo","since":"1048-01-01"}'
    assert scripted(oslo) == scripted({"name": "Oslo", "since": "1048-01-01"})
    assert scripted([thinking("hm"), oslo]).parts == (Thinking("hm"), Text(text))


def test_an_answer_of_an_sdk_is_no_reply():
    """It is a pydantic model too, but one provider's whole answer."""
    from anthropic.types import TextBlock

    with pytest.raises(ScriptError, match="is no reply"):
        scripted(TextBlock(type="text", text="hi"))


@pytest.mark.parametrize(
    ("finish", "meant"),
    [("max_tokens", "length"), ("SAFETY", "content_filter"), ("tool_call", "tool_calls")],
)
def test_a_provider_s_own_word_for_the_end_is_refused(finish, meant):
    """When it is written, with the word that all providers share."""
    with pytest.raises(ScriptError, match=f"a word of its own for '{meant}'"):
        reply("hi", finish=finish)


def test_bytes_become_a_raw_reply():
    """Bytes are sent as they are."""
    assert scripted(b"<html>") == RawReply(body=b"<html>")
    assert raw("x", status=502, headers={"a": "b"}).headers == (("a", "b"),)


def test_a_function_stays_one():
    """It is called with the request, when there is one."""
    assert callable(scripted(lambda request: request.prompt))


def test_arguments_may_be_broken_json():
    """A string of arguments is sent as it is."""
    assert tool_call("f", '{"x": ').arguments == '{"x": '


@pytest.mark.parametrize("value", [None, 3, [], [3], {1, 2}], ids=str)
def test_no_reply_is_refused_with_what_to_write(value):
    """The error lists what a reply may be."""
    with pytest.raises(ScriptError, match=r"Write a text, .*, tool_call\(name"):
        scripted(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: tool_call("f", {"a": 1}, b=2),
        lambda: structured(object()),
        lambda: text("ab", chunks=("a",)),
        lambda: raw("x", status=99),
    ],
)
def test_a_contradiction_is_refused(make):
    """Two places for arguments, no JSON, chunks that do not join to the text, no status."""
    with pytest.raises(ScriptError):
        make()


def test_tool_calls_are_told_apart_from_text():
    """A reply knows its text and its calls."""
    made = reply("Let me see.", tool_call("f"))
    assert isinstance(made, Reply)
    assert (made.text, len(made.tool_calls)) == ("Let me see.", 1)
