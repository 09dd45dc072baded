"""Whole replies to requests for which nothing is scripted."""

import json
from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.behaviour.natural.content import bounded, natural_reply, stopped
from fakeservers.behaviour.tokens import count_reply
from fakeservers.canonical import (
    ChatRequest,
    Message,
    OutputFormat,
    Reply,
    Text,
    Thinking,
    ThinkingOptions,
    Tool,
    ToolCall,
    ToolResult,
)

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
WEATHER = Tool(
    name="get_weather",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
)


def ask(prompt: str = "Hello!", *more: Message, system: str = "", **fields: Any) -> ChatRequest:
    before = (Message("system", (Text(system),)),) if system else ()
    return ChatRequest(
        provider="claude",
        endpoint="messages",
        model="m",
        messages=(*before, Message("user", (Text(prompt),)), *more),
        **fields,
    )


def test_a_plain_question_gets_prose() -> None:
    """One text part, and the model stops by itself."""
    reply = natural_reply(ask(), Random(1))
    assert len(reply.parts) == 1 and reply.text.endswith(".")
    assert reply.finish == "stop"


def test_the_same_random_state_gives_the_same_reply() -> None:
    """Nothing but the request and the random state matters."""
    assert natural_reply(ask(), Random(1)) == natural_reply(ask(), Random(1))
    assert natural_reply(ask(), Random(1)) != natural_reply(ask(), Random(2))


def test_a_tool_is_called_and_its_result_told() -> None:
    """A call finishes with `tool_calls`, the answer to its result with `stop`."""
    prompt = "What's the weather in Paris?"
    first = natural_reply(ask(prompt, tools=(WEATHER,)), Random(1))
    assert first.tool_calls == (ToolCall("get_weather", {"city": "Paris"}),)
    assert (first.finish, first.text) == ("tool_calls", "")
    result = Message("tool", (ToolResult("1", "get_weather", "sunny, 21 degrees"),))
    then = (Message("assistant", first.parts), result)
    second = natural_reply(ask(prompt, *then, tools=(WEATHER,)), Random(1))
    assert "sunny, 21 degrees" in second.text and second.finish == "stop"


def test_structured_output_satisfies_its_schema() -> None:
    """The text is compact JSON of the schema, filled from the prompt."""
    asked = ask("Ada Lovelace is 36.", output=OutputFormat(kind="schema", schema=PERSON))
    assert natural_reply(asked, Random(1)).text == '{"name":"Ada Lovelace","age":36}'


def test_json_mode_gives_an_object() -> None:
    """Any JSON object will do."""
    reply = natural_reply(ask("Answer in JSON.", output=OutputFormat(kind="json")), Random(1))
    assert isinstance(json.loads(reply.text), dict)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ('Respond with just this: {"ok": true}', {"ok": True}),
        ('Give me JSON with the keys "city" and "email".', {"city", "email"}),
    ],
    ids=["spelled", "keys"],
)
def test_json_mode_takes_hints(prompt: str, expected: Any) -> None:
    """An object that is spelled out is given; keys that are named are there."""
    made = json.loads(natural_reply(ask(prompt, output=OutputFormat(kind="json")), Random(1)).text)
    assert made == expected if isinstance(expected, dict) else set(made) == expected


@pytest.mark.parametrize(
    ("prompt", "is_json"),
    [
        ("What is the weather? Answer in JSON.", True),
        ("Respond with a valid JSON object with the keys 'a' and 'b'.", True),
        ("Return only JSON", True),
        ("What does the function return: JSON or XML?", False),
        ("Explain JSON in one sentence.", False),
    ],
)
def test_json_that_is_asked_for_in_words(prompt: str, is_json: bool) -> None:
    """Where an API has no JSON mode, programs say so."""
    text = natural_reply(ask(prompt), Random(1)).text
    assert text.startswith("{") is is_json


@pytest.mark.parametrize(
    ("prompt", "keys"),
    [
        ("Give me a JSON object with the keys `a` and `b`.", {"a", "b"}),
        ("Where is Oslo? Answer in JSON.", {"answer"}),
        ('Please return only valid JSON: {"ok": true}', {"ok"}),
        ("Give me a JSON parser in Python", None),
        ("What is JSON? Answer briefly.", None),
    ],
)
def test_json_may_be_asked_for_in_words(prompt: str, keys: set[str] | None) -> None:
    """The answer is JSON when the prompt says so, and not when it is only about JSON."""
    text = natural_reply(ask(prompt), Random(1)).text
    assert text.startswith("{") == (keys is not None)
    assert keys is None or set(json.loads(text)) == keys


@pytest.mark.parametrize("kind", ["json", "text"])
@pytest.mark.parametrize(
    "schema", [PERSON, {"$ref": "#/$defs/P", "$defs": {"P": PERSON}}], ids=["plain", "reference"]
)
def test_a_schema_in_the_system_text_is_satisfied(kind: Any, schema: Any) -> None:
    """Frameworks without native structured output put the schema into the prompt."""
    system = f"Respond with a JSON object compatible with this schema: {json.dumps(schema)}"
    reply = natural_reply(ask(system=system, output=OutputFormat(kind=kind)), Random(1))
    jsonschema.validate(json.loads(reply.text), schema)


def test_a_schema_with_doubled_braces_is_satisfied() -> None:
    """A schema that went into a prompt template arrives with its braces escaped."""
    escaped = json.dumps(PERSON).replace("{", "{{").replace("}", "}}")
    reply = natural_reply(ask(f"Follow this:\n{escaped}\n\nOutput a valid JSON object."), Random(1))
    jsonschema.validate(json.loads(reply.text), PERSON)


def test_thinking_comes_first() -> None:
    """A model that reasons thinks before it speaks, shown or not."""
    options = ThinkingOptions(enabled=True, visible=False)
    reply = natural_reply(ask(thinking=options), Random(1))
    assert isinstance(reply.parts[0], Thinking) and reply.parts[0].text
    assert isinstance(reply.parts[1], Text)


# --- limits -----------------------------------------------------------------------------

LONG = Reply(parts=(Text("one two three four five six"),))


def test_max_tokens_cuts_the_text() -> None:
    """The text ends after a whole token and the finish says why."""
    cut = bounded(LONG, ask(max_tokens=3))
    assert (cut.text, cut.finish) == ("one two three", "length")


def test_a_reply_within_the_limit_is_left_alone() -> None:
    """A reply that fits to the token is whole."""
    assert bounded(LONG, ask(max_tokens=6)) == LONG


def test_a_stop_sequence_cuts_before_itself() -> None:
    """The first sequence in the text counts, not the first in the list."""
    cut = bounded(LONG, ask(stop=("five", "three", "")))
    assert (cut.text, cut.finish, cut.stop_sequence) == ("one two ", "stop_sequence", "three")


def test_a_stop_sequence_cuts_chunks_where_they_are() -> None:
    """The rest is streamed as it was written."""
    whole = Reply(parts=(Text("one two three", ("one ", "two three")),))
    cut = stopped(whole, (" three",))
    assert cut.parts == (Text("one two", ("one ", "two")),)


def test_the_limit_comes_before_a_later_stop_sequence() -> None:
    """Text that is over the limit before the sequence has come ends by length."""
    cut = bounded(LONG, ask(stop=("five",), max_tokens=2))
    assert (cut.text, cut.finish, cut.stop_sequence) == ("one two", "length", None)


def test_thinking_leaves_room_for_text() -> None:
    """Thinking is shortened before the text is."""
    thought = Thinking("ten words of thought are here for you to read")
    reply = Reply(parts=(thought, *LONG.parts))
    cut = bounded(reply, ask(max_tokens=12))
    assert cut.text == LONG.text and cut.finish == "stop"
    both = bounded(reply, ask(max_tokens=4))
    assert len(both.text) < len(LONG.text) and both.finish == "length"


def test_a_tool_call_is_cut_within_its_json() -> None:
    """Arguments over the limit are a string that ends early."""
    call = ToolCall("write", {"text": "a long text " * 20})
    cut = bounded(Reply(parts=(call,), finish="tool_calls"), ask(max_tokens=60))
    arguments = cut.tool_calls[0].arguments
    assert isinstance(arguments, str) and arguments.startswith('{"text":"a long')
    assert cut.finish == "length"


@settings(deadline=None, max_examples=80, derandomize=True, database=None)
@given(
    limit=st.integers(1, 60),
    seed=st.integers(0, 20),
    thinks=st.booleans(),
    prompt=st.sampled_from(["Hello!", "Weather in Paris and London?"]),
    stop=st.sampled_from([(), ("e",), (" the",)]),
)
def test_a_reply_never_exceeds_max_tokens(
    limit: int, seed: int, thinks: bool, prompt: str, stop: tuple[str, ...]
) -> None:
    """Whatever the reply is made of, its counted tokens are within the limit."""
    asked = ask(
        prompt,
        tools=(WEATHER,),
        max_tokens=limit,
        stop=stop,
        thinking=ThinkingOptions(enabled=thinks),
    )
    reply = natural_reply(asked, Random(seed))
    assert count_reply((reply,), asked).output_tokens <= limit
    assert not any(sequence in reply.text for sequence in stop)
