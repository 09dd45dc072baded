"""Embeddings."""

import base64
import json
import struct
from typing import Any

import pytest

from fakeservers.canonical import EmbedResult
from fakeservers.wire.openai.embeddings import Embeddings

BODY: dict[str, Any] = {"model": "text-embedding-3-small", "input": "Hi"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("Hi", [1]),
        (["Hi", "you"], [1, 1]),
        ([15496, 995], [2]),
        ([[15496, 995], [7]], [2, 1]),
    ],
    ids=["text", "texts", "tokens", "lists of tokens"],
)
def test_inputs(parse: Any, given: Any, words: list[int]) -> None:
    """Texts and lists of token numbers are inputs alike; a token number counts as a word."""
    request = parse(Embeddings(), BODY | {"input": given})
    assert [len(text.split()) for text in request.inputs] == words


def test_same_tokens_same_words(parse: Any) -> None:
    """A token number always stands as the same word."""
    one, two = parse(Embeddings(), BODY | {"input": [[1, 2], [2, 1]]}).inputs
    assert one.split() == two.split()[::-1]


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"model": None}, None, "you must provide a model parameter"),
        ({"input": None}, "input", "Missing required parameter: 'input'."),
        ({"input": []}, "input", "Invalid 'input': empty array."),
        ({"input": 5}, "input", "Invalid type for 'input'"),
        ({"input": ["a", {}]}, "input[1]", "Invalid type for 'input[1]'"),
        ({"input": [True]}, "input[0]", "Invalid type for 'input[0]'"),
        ({"input": ["a"] * 2049}, "input", "maximum length 2048"),
        ({"encoding_format": "hex"}, "encoding_format", "'float' and 'base64'."),
        ({"dimensions": 0}, "dimensions", "Expected a value >= 1, but got 0"),
        ({"dimensions": 1537}, None, "Must be less than or equal to 1536."),
        ({"dimensions": "5"}, "dimensions", "expected an integer"),
        (
            {"model": "text-embedding-ada-002", "dimensions": 5},
            None,
            "This model does not support specifying dimensions.",
        ),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_refused(parse: Any, refused: Any, fields: Any, param: str | None, words: str) -> None:
    """What cannot be embedded is refused."""
    error = refused(lambda: parse(Embeddings(), BODY | fields))
    assert (error.status, error.param) == (400, param)
    assert words in error.message


@pytest.mark.parametrize("form", [None, "float", "base64"])
def test_formats(parse: Any, stamp: Any, form: str | None) -> None:
    """Numbers are a list, or base64 of little-endian float32 if asked for."""
    request = parse(Embeddings(), BODY | {"encoding_format": form})
    result = EmbedResult(vectors=((0.5, -0.25),), input_tokens=2, model=BODY["model"])
    answer = Embeddings().render(request, result, stamp)
    body = json.loads(answer.body)
    assert list(body) == ["object", "data", "model", "usage"]
    (item,) = body["data"]
    vector = item["embedding"]
    if form == "base64":
        vector = list(struct.unpack("<2f", base64.b64decode(vector)))
    assert (item["object"], item["index"], vector) == ("embedding", 0, [0.5, -0.25])
    assert body["usage"] == {"prompt_tokens": 2, "total_tokens": 2}
    assert dict(answer.headers)["openai-model"] == BODY["model"]
