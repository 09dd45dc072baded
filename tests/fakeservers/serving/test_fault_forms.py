"""What faults put on the wire in each provider's own form: its streams, its errors, its lines."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from fakeservers import (
    cut,
    duplicate_chunk,
    error_event,
    garbage,
    line_endings,
    missing_chunk,
    overloaded,
    simulate,
    text,
    wrong_length,
)

CHUNKS = ("One ", "two ", "three.")
SAID = [{"role": "user", "content": "Hello"}]
CONTENTS = {"contents": [{"parts": [{"text": "Hello"}]}]}
MODEL = "/v1beta/models/gemini-2.5-flash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One streamed API: how it is asked, how an error begins in it, what stands between events
    and at the end."""

    provider: str
    path: str
    body: Any
    error: bytes
    between: bytes = b"\n\n"
    end: bytes = b""


OPENAI = {"model": "gpt-5"}
FORMS = {
    "claude": Form(
        provider="claude",
        path="/v1/messages",
        body={"model": "claude-sonnet-5", "max_tokens": 50, "messages": SAID, "stream": True},
        error=b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error",',
    ),
    "chat": Form(
        provider="openai",
        path="/chat/completions",
        body={**OPENAI, "messages": SAID, "stream": True},
        error=b'data: {"error":{"message":',
    ),
    "responses": Form(
        provider="openai",
        path="/responses",
        body={**OPENAI, "input": "Hello", "stream": True},
        error=b'event: error\ndata: {"type":"error","code":',
    ),
    "gemini": Form(
        provider="gemini",
        path=f"{MODEL}:streamGenerateContent?alt=sse",
        body=CONTENTS,
        error=b'data: {"error":{"code":503,',
        between=b"\r\n\r\n",
    ),
    "gemini array": Form(
        provider="gemini",
        path=f"{MODEL}:streamGenerateContent",
        body=CONTENTS,
        error=b',\r\n{\n  "error": {\n    "code": 503,',
        between=b"\n,\r\n",
        end=b"\n]",
    ),
    "ollama": Form(
        provider="ollama",
        path="/api/chat",
        body={"model": "llama3.2", "messages": SAID},
        error=b'{"error":"',
        between=b"\n",
    ),
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def streamed(form: Form, *faults: Any) -> bytes:
    """The bytes of a streamed answer in three chunks."""
    return answered(form, form.path, form.body, *faults).body


def answered(form: Form, path: str, body: Any, *faults: Any) -> Any:
    with simulate() as sim:
        if faults:
            sim[form.provider].fails(*faults)
        sim[form.provider].replies(text("".join(CHUNKS), chunks=CHUNKS))
        answer = sim.run(sim.post(form.provider, path, body))
    return answer


def said(data: bytes) -> list[int]:
    """How often each chunk's text stands in the data before anything repeats it as a whole."""
    return [data.count(f'"{chunk}"'.encode()) for chunk in CHUNKS]


@every_form
def test_a_stream_says_its_error_as_the_provider_does(form):
    """After the chunks that came before, and as the last of it."""
    data = streamed(form, error_event(overloaded(), after_chunks=2))
    before, found, after = data.partition(form.error)
    assert found
    assert said(before) == [1, 1, 0]
    assert after.rstrip(b"\r\n").endswith(b"}" + form.end)


@every_form
def test_an_error_may_be_all_of_a_stream(form):
    """`after_chunks=0` says it before any output."""
    data = streamed(form, error_event(overloaded(), after_chunks=0))
    assert said(data) == [0, 0, 0]
    assert form.error.lstrip(b",\r\n") in data


@every_form
def test_a_malformed_event_has_the_form_of_the_others(form):
    """Its lines are those of a whole stream; its JSON is what is wrong."""
    whole, spoilt = streamed(form), streamed(form, garbage(after_chunks=1))
    assert spoilt.count(b"{nope,,") == 1
    assert said(spoilt.partition(b"{nope,,")[0]) == [1, 0, 0]
    assert len(spoilt) == len(whole) + len(b"nope,,")


@every_form
def test_a_truncated_event_keeps_its_line_ends(form):
    """So that the next event is read."""
    whole, data = streamed(form), streamed(form, garbage("truncated_json", after_chunks=1))
    assert said(data)[::2] == [1, 1]
    assert len(data) < len(whole) - 10
    assert data.count(form.between) == whole.count(form.between)


@every_form
@pytest.mark.parametrize(
    ("fault", "left"),
    [
        (duplicate_chunk(2), [1, 2, 1]),
        (missing_chunk(2), [1, 0, 1]),
        (cut(after_chunks=2, ends="content"), [1, 1, 0]),
        (cut(after_chunks=2, ends="stream"), [1, 1, 0]),
    ],
    ids=["duplicate", "missing", "content", "stream"],
)
def test_chunks_are_those_that_carry_output(form, fault, left):
    """What opens and ends a stream is not counted."""
    assert said(streamed(form, fault)) == left


@pytest.mark.parametrize("name", [name for name in FORMS if name != "gemini"])
def test_a_cut_stream_has_no_end_marks(name):
    """A cut of the content alone keeps what ends the whole stream. Gemini's events have no such
    mark but in the last chunk itself."""
    form = FORMS[name]
    whole = streamed(form).rstrip()
    ended = streamed(form, cut(after_chunks=1, ends="content")).rstrip()
    open_ = streamed(form, cut(after_chunks=1, ends="stream")).rstrip()
    assert ended[-2:] == whole[-2:]
    assert ended.startswith(open_)
    assert len(ended) > len(open_)


@every_form
def test_lines_end_with_crlf_when_told(form):
    """Every one of them."""
    data = streamed(form, line_endings("crlf"))
    assert data.count(b"\n") == data.count(b"\r\n") > 2


@pytest.mark.parametrize("name", ["claude", "chat", "responses", "ollama"])
def test_an_answer_in_one_piece_is_the_error(name):
    """Whole, wherever in a stream it would have come."""
    form = FORMS[name]
    fault = error_event(overloaded(), after_chunks=1)
    answer = answered(form, form.path, {**form.body, "stream": False}, fault)
    assert answer.status in (503, 529)
    assert "error" in answer.json()


@pytest.mark.parametrize("ends", ["stream", "content"])
def test_an_answer_in_one_piece_that_ends_early_is_shorter(ends):
    """And its length says so: half of it is no JSON."""
    form = FORMS["chat"]
    answer = answered(form, form.path, {**form.body, "stream": False}, cut(ends=ends))
    assert int(answer.headers["content-length"]) == len(answer.body) > 100
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("by", [10, -10])
def test_a_wrong_length_is_off_by_what_was_said(by):
    """The body itself is whole."""
    form = FORMS["ollama"]
    answer = answered(form, form.path, {**form.body, "stream": False}, wrong_length(by))
    assert int(answer.headers["content-length"]) == len(answer.body) + by
    assert answer.json()["message"]["content"] == "".join(CHUNKS)
