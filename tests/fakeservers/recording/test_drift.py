"""Where recorded answers and the fakes' own have different shapes."""

import json

import pytest

from fakeservers.recording.drift import drift_of
from fakeservers.recording.exchanges import Piece
from fakeservers.recording.shapes import differences, shape_of
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.registry import installed
from tests.fakeservers.support import fake, post

from .support import recorded

(OPENAI,) = (provider for provider in installed() if provider.name == "openai")
ASKED = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi."}]}
HEADERS = {"authorization": "<redacted>"}


def apart(real, own):
    real, own = (shape_of(json.dumps(body).encode()) for body in (real, own))
    return list(differences(real, own))


def answered(**changes):
    """What OpenAI answers, with changes."""
    body = ASKED | changes.pop("asked", {})
    answer, _ = fake(OPENAI).respond(post("/v1/chat/completions", body))
    told = json.loads(answer.body) | changes
    return recorded(body, {k: v for k, v in told.items() if v != "gone"}, status=answer.status)


def test_paths_and_types_are_compared():
    """What one side lacks, and what is of another type."""
    assert apart({"a": 1, "b": {"c": "x"}}, {"a": "1", "b": {"d": None}}) == [
        "a is number, the fake's own is text",
        "b.c is text, the fake has none",
        "there is no b.d, the fake has one: null",
    ]


@pytest.mark.parametrize(
    ("real", "own"),
    [
        ({"a": None}, {"a": "x"}),
        ({"a": 1}, {"a": 1.5}),
        ({"a": []}, {"a": [{"b": 1}]}),
        ({"c": [{"type": "tool_use", "id": "x"}]}, {"c": [{"type": "text", "text": "x"}]}),
        ({"m": {"content": "x"}}, {"m": {"content": None, "tool_calls": [{"id": "x"}]}}),
        ({"arguments": {"city": "Oslo"}}, {"arguments": {"town": 1}}),
        ({"parts": [{"text": "x"}]}, {"parts": [{"functionCall": {"name": "x"}}]}),
    ],
)
def test_what_was_said_is_no_difference(real, own):
    """Null, kinds of content, tools and their arguments depend on the answer."""
    assert apart(real, own) == []


def test_events_are_compared_kind_by_kind():
    """A kind that only one side has says nothing."""
    real = shape_of(b'event: a\ndata: {"type":"a","x":1}\n\ndata: {"type":"b"}\n\ndata: [DONE]\n\n')
    own = shape_of(b'data: {"type":"a","y":1}\n\n')
    assert list(differences(real, own)) == [
        "a: x is number, the fake has none",
        "a: there is no y, the fake has one: number",
    ]
    assert shape_of(b"ID3\x04 no JSON") is None


def test_an_answer_of_the_fakes_own_has_no_drift():
    """Nor is any of its state touched by looking."""
    openai = fake(OPENAI)
    assert drift_of(answered(), HEADERS, openai) is None
    assert len(openai.journal) == 0


def test_another_shape_is_told():
    """With what was asked."""
    found = drift_of(answered(mood="good", service_tier="gone"), HEADERS, fake(OPENAI))
    assert found.asked == "POST /v1/chat/completions"
    assert found.differences == (
        "mood is text, the fake has none",
        "there is no service_tier, the fake has one: text",
    )


def test_another_status_is_told():
    """The fake refuses what the service took, or the other way about."""
    taken = answered()
    unknown = recorded({**ASKED, "model": "gpt-99"}, json.loads(taken.body))
    assert drift_of(unknown, HEADERS, fake(OPENAI)).differences == (
        "status 200, the fake's own is 404 (unknown_model)",
    )
    refused = recorded(ASKED, {"error": {"message": "No."}}, status=400)
    assert drift_of(refused, HEADERS, fake(OPENAI)).differences == (
        "status 400, the fake's own is 200",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"status": 429},
        {"status": 503},
        {"cut": True},
        {"pieces": (Piece(0.0, b"\xff\xfb"),)},
        {"asked": HttpRequest(method="GET", path="/v1/files/file-of-theirs")},
    ],
)
def test_what_cannot_be_compared_is_left_alone(fields):
    """Errors of the moment, broken streams, sound, and things that are kept over there."""
    assert drift_of(recorded(ASKED, {"mood": "good"}, **fields), HEADERS, fake(OPENAI)) is None


def test_an_endpoint_that_the_fake_has_not_is_told():
    """It can be replayed all the same."""
    other = recorded(asked=HttpRequest(method="POST", path="/v1/dreams", body=b"{}"))
    assert drift_of(other, HEADERS, fake(OPENAI)).differences == ("the fake has no such endpoint",)
