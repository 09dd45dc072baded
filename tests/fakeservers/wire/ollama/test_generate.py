"""`/api/generate`, `/api/embed` and `/api/embeddings`."""

import json
from datetime import datetime
from typing import Any

import pytest

from fakeservers.canonical import (
    EmbedResult,
    Message,
    Rejected,
    ResourceRequest,
    ResourceResult,
    Text,
    Thinking,
    ToolCall,
)
from fakeservers.wire.base import Stamp
from fakeservers.wire.ollama.embed import Embed, Embeddings
from fakeservers.wire.ollama.generate import Generate


@pytest.fixture
def ask(post: Any) -> Any:
    """The canonical form of a generate request with these fields."""

    def ask(**fields: Any) -> Any:
        return Generate().parse(post({"model": "llama3", "prompt": "Why?", **fields}))

    return ask


def test_prompt_and_system(ask: Any) -> None:
    """The prompt is a user's message, the system text the one before it."""
    request = ask(system="Be brief.", suffix="}", template="", context=[], images=[])
    assert request.messages == (
        Message("system", (Text("Be brief."),)),
        Message("user", (Text("Why?"),)),
    )
    assert request.stream and request.endpoint == "generate"


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"model": ""}, 404, "model '' not found"),
        (
            {"prompt": 1},
            400,
            "json: cannot unmarshal number into Go struct field "
            "GenerateRequest.prompt of type string",
        ),
        (
            {"context": [1, 1.5]},
            400,
            "json: cannot unmarshal number 1.5 into Go struct field "
            "GenerateRequest.context of type int",
        ),
        (
            {"raw": True, "system": "x"},
            400,
            "raw mode does not support template, system, or context",
        ),
    ],
)
def test_refused(ask: Any, fields: Any, status: int, words: str) -> None:
    """What the server does not take is refused in its words."""
    with pytest.raises(Rejected) as caught:
        ask(**fields)
    assert (caught.value.error.status, caught.value.error.message) == (status, words)


@pytest.mark.parametrize(("keep_alive", "reason"), [("5m", "load"), (0, "unload")])
def test_an_empty_prompt_loads(ask: Any, stamp: Stamp, keep_alive: Any, reason: str) -> None:
    """Without a prompt the model is loaded, or unloaded when it is kept for no time."""
    request = ask(prompt="", keep_alive=keep_alive)
    assert isinstance(request, ResourceRequest)
    body = json.loads(Generate().render(request, ResourceResult(items=()), stamp).body)
    assert (body["response"], body["done"], body["done_reason"]) == ("", True, reason)


def test_whole_answer(ask: Any, said: Any, stamp: Stamp) -> None:
    """Fields stand in the server's order; thinking and calls only when there are any."""
    result = said(Thinking("Hm."), Text("So."), ToolCall("f", {"a": 1}))
    body = json.loads(Generate().render(ask(stream=False), result, stamp).body)
    first = ["model", "created_at", "response", "thinking", "done", "done_reason", "context"]
    assert list(body)[:7] == first and list(body)[-1] == "tool_calls"
    plain = json.loads(Generate().render(ask(stream=False), said(Text("So.")), stamp).body)
    assert "thinking" not in plain and "tool_calls" not in plain


def test_context_continues(ask: Any, said: Any, stamp: Stamp) -> None:
    """The numbers of an earlier answer come first, and the same text has the same numbers."""
    result = said(Text("So."))
    first = json.loads(Generate().render(ask(stream=False), result, stamp).body)["context"]
    later = ask(stream=False, context=first)
    assert json.loads(Generate().render(later, result, stamp).body)["context"] == first * 2


def test_raw_mode_has_no_context(ask: Any, said: Any, stamp: Stamp) -> None:
    """Documented: raw mode does not return a context."""
    answer = Generate().render(ask(stream=False, raw=True), said(Text("So.")), stamp)
    assert "context" not in json.loads(answer.body)


def test_streamed_answer(ask: Any, said: Any, stamp: Stamp, lines: Any) -> None:
    """A line for each delta, then an empty one with context and figures."""
    result = said(Thinking("Hm", ""), Text("So it is."))
    *deltas, last = lines(Generate().render(ask(), result, stamp))
    assert [d["response"] for d in deltas] == ["", "So", " it", " is", "."]
    assert deltas[0]["thinking"] == "Hm" and "thinking" not in deltas[1]
    assert last["response"] == "" and last["done"] and last["context"]


def test_lines_are_made_one_after_the_other(ask: Any, said: Any, stamp: Stamp, lines: Any) -> None:
    """As recorded, each line of a stream has its own time; from first to last is the answer's."""
    made = lines(Generate().render(ask(), said(Text("So it is.")), stamp))
    times = [datetime.fromisoformat(line["created_at"]).timestamp() for line in made]
    assert times == sorted(set(times))
    assert times[-1] - times[0] == pytest.approx(made[-1]["eval_duration"] / 1e9, abs=1e-4)


@pytest.mark.parametrize(
    ("input", "inputs"), [("a", ("a",)), (["a", "b"], ("a", "b")), ("", ()), (None, ()), ([], ())]
)
def test_embed_inputs(post: Any, input: Any, inputs: tuple[str, ...]) -> None:
    """One text, several, or none."""
    assert Embed().parse(post({"model": "m", "input": input})).inputs == inputs


@pytest.mark.parametrize("input", [1, {}, ["a", 1], [["a"]]])
def test_embed_refuses_other_inputs(post: Any, input: Any) -> None:
    """Anything but texts is an invalid input type."""
    with pytest.raises(Rejected) as caught:
        Embed().parse(post({"model": "m", "input": input}))
    assert caught.value.error.message == "invalid input type"


@pytest.mark.parametrize(("asked", "given"), [(None, None), (0, None), (64, 64), (10**12, None)])
def test_embed_dimensions(post: Any, asked: Any, given: int | None) -> None:
    """Vectors can be cut, not made longer."""
    request = Embed().parse(post({"model": "m", "input": "a", "dimensions": asked}))
    assert request.dimensions == given


def test_embed_answer(post: Any, stamp: Stamp) -> None:
    """Vectors with the digits of a float32, and the three figures; none for no input."""
    request = Embed().parse(post({"model": "m", "input": "a"}))
    result = EmbedResult(vectors=((0.1234567890123, -1.0),), input_tokens=2, model="m")
    body = json.loads(Embed().render(request, result, stamp).body)
    assert list(body)[:2] == ["model", "embeddings"] and body["prompt_eval_count"] == 2
    assert body["embeddings"] == [[0.12345679, -1.0]]
    nothing = EmbedResult(vectors=(), input_tokens=0, model="m")
    assert Embed().render(request, nothing, stamp).body == b'{"model":"m","embeddings":[]}'


def test_embeddings_answer(post: Any, stamp: Stamp) -> None:
    """The older endpoint answers with one vector and nothing else."""
    request = Embeddings().parse(post({"model": "m", "prompt": "a"}))
    result = EmbedResult(vectors=((0.5, 0.1),), input_tokens=2, model="m")
    body = json.loads(Embeddings().render(request, result, stamp).body)
    assert body == {"embedding": [0.5, pytest.approx(0.1)]}
    assert Embeddings().parse(post({"model": "m", "prompt": ""})).inputs == ()
