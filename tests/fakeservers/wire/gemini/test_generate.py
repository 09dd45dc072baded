"""What a reply looks like on the wire, whole and streamed."""

import base64
import json
from typing import Any

import pytest

from fakeservers.behaviour.matching import Match
from fakeservers.behaviour.replies import refusal, reply, scripted, text, thinking, tool_call
from fakeservers.behaviour.scenario import Rule, Script, TokenCounts
from fakeservers.serving.exchange import Fake

HI = {"contents": [{"parts": [{"text": "Hi"}]}]}
THOUGHTS = {**HI, "generationConfig": {"thinkingConfig": {"includeThoughts": True}}}
STREAM = "/v1beta/models/{}:streamGenerateContent"
SSE = {"alt": "sse"}


def say(fake: Fake, *replies: Any, **counts: int) -> None:
    fake.script = Script(
        impossible="allow",
        rules=(
            Rule(
                number=1,
                match=Match(),
                replies=tuple(scripted(value) for value in replies),
                counts=TokenCounts(**counts) if counts else None,
            ),
        ),
    )


def test_a_whole_answer(fake: Fake, ask: Any) -> None:
    """The fields of an answer and their order, as recorded in 2026; counts of 0 are left out."""
    say(fake, "Hello.", input_tokens=5, output_tokens=9, reasoning_tokens=7)
    heard = ask(body=HI)
    answer = heard.json
    assert list(answer) == ["candidates", "usageMetadata", "modelVersion", "responseId"]
    assert answer["candidates"] == [
        {
            "content": {"parts": [{"text": "Hello."}], "role": "model"},
            "finishReason": "STOP",
            "index": 0,
        }
    ]
    assert answer["usageMetadata"] == {
        "promptTokenCount": 5,
        "candidatesTokenCount": 2,
        "totalTokenCount": 14,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}],
        "thoughtsTokenCount": 7,
        "serviceTier": "standard",
    }


def test_plain_answers_are_spread_out(ask: Any) -> None:
    """JSON has two spaces a level, ends with a newline, and escapes angle brackets."""
    heard = ask(body={"contents": [{"parts": [{"text": 'Say exactly: "<b>"'}]}]})
    assert heard.text.startswith('{\n  "candidates": [\n    {\n      "content": {\n')
    assert heard.text.endswith("}\n") and "<" not in heard.text
    assert heard.headers["content-type"] == "application/json; charset=UTF-8"


def test_cached_tokens(fake: Fake, ask: Any) -> None:
    """The prompt's count includes the cached tokens, which are told apart as well."""
    say(fake, "Hello.", input_tokens=50, output_tokens=2, cached_tokens=40)
    usage = ask(body=HI).json["usageMetadata"]
    assert (usage["promptTokenCount"], usage["cachedContentTokenCount"]) == (50, 40)
    assert usage["cacheTokensDetails"] == [{"modality": "TEXT", "tokenCount": 40}]


def test_function_calls(fake: Fake, ask: Any) -> None:
    """Calls keep the reason STOP with a message; only the first one is signed."""
    say(fake, [tool_call("a", x=1), tool_call("b")])
    (found,) = ask(body=HI).json["candidates"]
    first, second = found["content"]["parts"]
    assert first["functionCall"] == {"name": "a", "args": {"x": 1}}
    assert base64.b64decode(first["thoughtSignature"], validate=True)
    assert second == {"functionCall": {"name": "b", "args": {}}}
    assert (found["finishReason"], found["finishMessage"]) == (
        "STOP",
        "Model generated function call(s).",
    )


@pytest.mark.parametrize(
    ("model", "has_id", "signed", "has_index"),
    [
        ("gemini-2.0-flash", False, False, False),
        ("gemini-2.5-pro", False, True, True),
        ("gemini-3-flash-preview", True, True, True),
    ],
)
def test_generations_differ(
    fake: Fake, ask: Any, model: str, has_id: bool, signed: bool, has_index: bool
) -> None:
    """Ids of calls came with 3, signatures and the index with 2.5; before, log probabilities."""
    say(fake, tool_call("a"))
    (found,) = ask(f"/v1beta/models/{model}:generateContent", HI).json["candidates"]
    (part,) = found["content"]["parts"]
    assert ("id" in part["functionCall"], "thoughtSignature" in part) == (has_id, signed)
    assert ("index" in found, "avgLogprobs" in found) == (has_index, not has_index)


def test_thoughts_are_shown_when_asked_for(fake: Fake, ask: Any) -> None:
    """A thought is a part before the answer; without includeThoughts it is only counted."""
    say(fake, [thinking("Hm."), text("Hello.")])
    shown, hidden = ask(body=THOUGHTS).json, ask(body=HI).json
    assert shown["candidates"][0]["content"]["parts"] == [
        {"text": "Hm.", "thought": True},
        {"text": "Hello."},
    ]
    assert hidden["candidates"][0]["content"]["parts"] == [{"text": "Hello."}]
    assert hidden["usageMetadata"]["thoughtsTokenCount"] > 0


def test_a_scripted_signature_is_base64(fake: Fake, ask: Any) -> None:
    """The field holds bytes: a signature that is no base64 is put into it."""
    say(fake, [thinking("Hm.", signature="my signature"), tool_call("a")])
    (part,) = ask(body=HI).json["candidates"][0]["content"]["parts"]
    assert base64.b64decode(part["thoughtSignature"]) == b"my signature"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (reply("Hel", finish="length"), "MAX_TOKENS"),
        (reply("Hel", finish="stop_sequence"), "STOP"),
        (reply("Hel", finish="content_filter"), "SAFETY"),
        (reply(tool_call("a", '{"x": '), finish="length"), "MAX_TOKENS"),
        (tool_call("a", '{"x": '), "MALFORMED_FUNCTION_CALL"),
        (tool_call("a", '{"x": 1}'), "STOP"),
    ],
)
def test_finish_reasons(fake: Fake, ask: Any, said: Any, reason: str) -> None:
    """Every way to end has its reason, also that of a call whose arguments are no object."""
    say(fake, said)
    whole = ask(body=HI).json
    *_, last = ask(STREAM.format("gemini-2.5-flash"), HI, query=SSE).events
    assert whole["candidates"][0]["finishReason"] == reason
    assert last["candidates"][0]["finishReason"] == reason


def test_a_refusal_is_a_blocked_candidate(fake: Fake, ask: Any) -> None:
    """A refusal has an empty content, safety ratings and its text as the message."""
    say(fake, refusal("I can't."))
    (found,) = ask(body=HI).json["candidates"]
    assert (found["content"], found["finishReason"]) == ({}, "SAFETY")
    assert found["finishMessage"] == "I can't."
    assert any(rating.get("blocked") for rating in found["safetyRatings"])


def test_enum_answers_are_bare(ask: Any) -> None:
    """With text/x.enum the answer is one of the schema's values, without quotes."""
    config = {
        "responseMimeType": "text/x.enum",
        "responseSchema": {"type": "STRING", "enum": ["red", "green"]},
    }
    (found,) = ask(body={**HI, "generationConfig": config}).json["candidates"]
    assert found["content"]["parts"][0]["text"] in ("red", "green")


# --- streams ------------------------------------------------------------------------------


def test_events(fake: Fake, ask: Any) -> None:
    """Every event is a whole response; the last one alone says why it ended."""
    say(fake, text("Hello you.", chunks=("Hel", "lo", " you.")), input_tokens=5, output_tokens=6)
    heard = ask(STREAM.format("gemini-2.5-flash"), HI, query=SSE)
    events = heard.events
    texts = [event["candidates"][0]["content"]["parts"][0]["text"] for event in events]
    assert texts == ["Hel", "lo", " you."]
    assert [event["usageMetadata"]["candidatesTokenCount"] for event in events] == [2, 4, 6]
    assert ["finishReason" in event["candidates"][0] for event in events] == [0, 0, 1]
    assert len({event["responseId"] for event in events}) == 1
    assert heard.headers["content-type"] == "text/event-stream"
    assert heard.headers["content-disposition"] == "attachment"


def test_events_are_written_as_recorded(fake: Fake, ask: Any) -> None:
    """One line with `": "` and `,`, ended by CRLF twice; text as it is, angle brackets not."""
    say(fake, text("30°C <b>", chunks=("30°C", " <b>")))
    heard = ask(STREAM.format("gemini-2.5-flash"), HI, query=SSE)
    start = 'data: {"candidates": [{"content": {"parts": [{"text": "30°C"}],"role": "model"},'
    assert heard.text.startswith(start + '"index": 0}],"usageMetadata": {"promptTokenCount": ')
    assert '" \\u003cb\\u003e"' in heard.text


def test_the_same_counts_streamed_and_whole(fake: Fake, ask: Any) -> None:
    """The last event's usage is that of the whole answer."""
    say(fake, [thinking("Hm, well."), "Hello you."])
    *_, last = ask(STREAM.format("gemini-2.5-flash"), THOUGHTS, query=SSE).events
    assert last["usageMetadata"] == ask(body=THOUGHTS).json["usageMetadata"]


def test_thoughts_are_counted_once_they_are_over(fake: Fake, ask: Any) -> None:
    """Thought events come first and carry no count of candidates."""
    say(fake, [thinking("Hm."), "Hello."])
    first, *_, last = ask(STREAM.format("gemini-2.5-flash"), THOUGHTS, query=SSE).events
    assert first["candidates"][0]["content"]["parts"][0]["thought"] is True
    assert "candidatesTokenCount" not in first["usageMetadata"]
    assert last["usageMetadata"]["thoughtsTokenCount"] > 0


def test_calls_are_streamed_whole(fake: Fake, ask: Any) -> None:
    """Each call is one event; the last one has the reason and the message."""
    say(fake, ["Well.", tool_call("a", x=1), tool_call("b")])
    events = ask(STREAM.format("gemini-2.5-flash"), HI, query=SSE).events
    calls = [
        part["functionCall"]["name"]
        for event in events
        for part in event["candidates"][0]["content"]["parts"]
        if "functionCall" in part
    ]
    assert calls == ["a", "b"]
    assert events[-1]["candidates"][0]["finishMessage"] == "Model generated function call(s)."


def test_generation_3_signs_its_text(fake: Fake, ask: Any) -> None:
    """Streamed text ends with an empty part that carries the signature."""
    say(fake, "Hello.")
    *_, last = ask(STREAM.format("gemini-3-flash-preview"), HI, query=SSE).events
    (part,) = last["candidates"][0]["content"]["parts"]
    assert part["text"] == "" and part["thoughtSignature"]


def test_without_sse_a_stream_is_one_array(fake: Fake, ask: Any) -> None:
    """A JSON array whose elements are parted by a comma and CRLF."""
    say(fake, text("Hello you.", chunks=("Hello", " you.")))
    heard = ask(STREAM.format("gemini-2.5-flash"), HI)
    first, second = heard.json
    assert heard.text.startswith("[{\n") and "\n,\r\n{" in heard.text
    assert "finishReason" not in first["candidates"][0]
    assert second["candidates"][0]["finishReason"] == "STOP"


def test_each_candidate_ends(ask: Any) -> None:
    """candidateCount gives as many candidates, whole and streamed, each with its index."""
    body = {**HI, "generationConfig": {"candidateCount": 2}}
    whole = ask(body=body).json["candidates"]
    events = ask(STREAM.format("gemini-2.5-flash"), body, query=SSE).events
    ended = [c["index"] for e in events for c in e["candidates"] if "finishReason" in c]
    assert [found["index"] for found in whole] == ended == [0, 1]


def test_a_silent_reply(fake: Fake, ask: Any) -> None:
    """A reply that says nothing still ends."""
    say(fake, reply("", finish="length"), reply(thinking("Hm."), finish="length"))
    path = STREAM.format("gemini-2.5-flash")
    for events in (ask(path, HI, query=SSE).events, ask(path, HI, query=SSE).events):
        assert events[-1]["candidates"][0]["finishReason"] == "MAX_TOKENS"
    (found,) = ask(body=HI).json["candidates"]
    assert json.dumps(found["content"]) == '{"role": "model"}'
