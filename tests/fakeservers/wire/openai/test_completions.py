"""Plain completions."""

import json
from typing import Any

import pytest

from fakeservers.canonical import CompletionResult, Reply, Text, Usage
from fakeservers.wire.openai.completions import Completions

BODY: dict[str, Any] = {"model": "davinci-002", "prompt": "Once"}


@pytest.fixture
def rendered(parse: Any, stamp: Any) -> Any:
    """The body of the answer with these texts, one for each choice."""

    def rendered(*texts: str, finish: Any = "stop", **fields: Any) -> Any:
        request = parse(Completions(), BODY | fields)
        result = CompletionResult(
            replies=tuple(Reply(parts=(Text(text),), finish=finish) for text in texts),
            usage=Usage(input_tokens=2, output_tokens=3),
            model="davinci:2023-07-21-v2",
        )
        return Completions().render(request, result, stamp).body

    return rendered


@pytest.fixture
def chunks(rendered: Any) -> Any:
    """The chunks of such an answer as a stream."""

    def chunks(*texts: str, **fields: Any) -> list[dict[str, Any]]:
        *frames, last = (frame.data for frame in rendered(*texts, stream=True, **fields))
        assert last == b"data: [DONE]\n\n"
        return [json.loads(frame[6:]) for frame in frames]

    return chunks


def test_defaults(parse: Any) -> None:
    """Without a limit 16 tokens are generated, in one choice."""
    request = parse(Completions(), BODY)
    assert (request.prompt, request.max_tokens, request.choices) == ("Once", 16, 1)


@pytest.mark.parametrize(
    ("prompt", "choices", "words"),
    [
        (["a", "b"], 2, 2),
        ([1, 70_000, 3], 1, 3),
        ([[1, 2], [3]], 2, 3),
        (None, 1, 0),
    ],
    ids=["texts", "tokens", "lists of tokens", "none"],
)
def test_prompts(parse: Any, prompt: Any, choices: int, words: int) -> None:
    """Each prompt has its own choice; a token number counts as a word."""
    request = parse(Completions(), BODY | {"prompt": prompt})
    assert (request.choices, len(request.prompt.split())) == (choices, words)


def test_choices(parse: Any) -> None:
    """`n` choices are made for each prompt."""
    assert parse(Completions(), BODY | {"prompt": ["a", "b"], "n": 3}).choices == 6


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, None),
        ({"prompt": 5}, "prompt"),
        ({"prompt": [{}]}, "prompt[0]"),
        ({"n": 0}, "n"),
        ({"stop": {}}, "stop"),
        ({"logprobs": 9}, "logprobs"),
        ({"echo": 1}, "echo"),
    ],
    ids=str,
)
def test_refused(parse: Any, refused: Any, fields: Any, param: str | None) -> None:
    """What cannot be read is refused by its name."""
    error = refused(lambda: parse(Completions(), BODY | fields))
    assert (error.status, error.param) == (400, param)


def test_body(rendered: Any) -> None:
    """The fields stand in their recorded order."""
    body = json.loads(rendered(" upon", finish="length"))
    assert list(body) == ["id", "object", "created", "model", "choices", "usage"]
    assert list(body["choices"][0]) == ["text", "index", "logprobs", "finish_reason"]
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def test_echo(rendered: Any) -> None:
    """`echo` puts its own prompt before each choice."""
    body = json.loads(rendered("1", "2", "3", "4", prompt=["a", "b"], n=2, echo=True))
    assert [choice["text"] for choice in body["choices"]] == ["a1", "a2", "b3", "b4"]


def test_logprobs(rendered: Any) -> None:
    """Log probabilities are those of the whole text."""
    (choice,) = json.loads(rendered("Hello you", logprobs=1))["choices"]
    assert choice["logprobs"]["tokens"] == ["Hello", " you"]


def test_stream(chunks: Any) -> None:
    """Chunks have their recorded fields; the last piece says why it is the last."""
    told = chunks("Hello you")
    assert list(told[0]) == ["id", "object", "created", "choices", "model"]
    choices = [chunk["choices"][0] for chunk in told]
    assert [(each["text"], each["finish_reason"]) for each in choices] == [
        ("Hello", None),
        (" you", "stop"),
    ]


def test_empty_stream(chunks: Any) -> None:
    """An empty text still has a chunk that ends it."""
    (chunk,) = chunks("")
    assert (chunk["choices"][0]["text"], chunk["choices"][0]["finish_reason"]) == ("", "stop")


def test_streamed_usage(chunks: Any) -> None:
    """With `include_usage` the counts come last, in a chunk without choices."""
    first, last = chunks("Hello", stream_options={"include_usage": True})
    assert first["usage"] is None
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 5)


def test_streamed_choices(chunks: Any) -> None:
    """Choices take turns."""
    told = chunks("a b", "c d", n=2)
    assert [chunk["choices"][0]["index"] for chunk in told] == [0, 1, 0, 1]
