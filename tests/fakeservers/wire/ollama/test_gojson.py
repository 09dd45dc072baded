"""JSON in Go's words and with Go's escapes."""

import json
from itertools import islice
from typing import Any

import pytest

from fakeservers.canonical import Rejected
from fakeservers.wire.ollama.gojson import decode, dumps, literal, moments, objects, read, time


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "missing request body"),
        (b" \n", "missing request body"),
        (b"{", "unexpected EOF"),
        (b'{"a', "unexpected EOF"),
        (b'{"a":1', "unexpected EOF"),
        (b"model=x", "invalid character 'm' looking for beginning of value"),
        (b"{'a':1}", r"invalid character '\'' looking for beginning of object key string"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a":1 "b"}', "invalid character '\"' after object key:value pair"),
        (b'{"a":["}" 2]}', "invalid character '2' after array element"),
        (b'{"a":"\n"}', r"invalid character '\n' in string literal"),
        (b'{"a":"\\q"}', "invalid character 'q' in string escape code"),
        (b'{"a":"\\u12"}', "invalid character '\"' in \\u hexadecimal character escape"),
        (b'{"a":NaN}', "invalid character 'N' looking for beginning of value"),
        (b"\xef\xbb\xbf{}", "invalid character 'ï' looking for beginning of value"),
        (b"[" * 200_000, "exceeded max depth"),
    ],
)
def test_syntax_errors_in_go_words(body: bytes, words: str) -> None:
    """What is wrong with a body is said as Go's decoder says it."""
    with pytest.raises(Rejected) as caught:
        decode(body)
    assert (caught.value.error.status, caught.value.error.message) == (400, words)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1} and more', {"a": 1}),
        (b'"\xff"', "�"),
        (rb'"\ud83d\ude00 \ud83d \\ud83d"', "😀 � \\ud83d"),
    ],
    ids=["first value only", "not UTF-8", "half a pair"],
)
def test_what_go_reads_without_complaint(body: bytes, value: Any) -> None:
    """The decoder reads one value and repairs what is not Unicode."""
    assert decode(body) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1, "number into Go struct field ThingRequest.name of type string"),
        ([], "array into Go struct field ThingRequest.name of type string"),
        (True, "bool into Go struct field ThingRequest.name of type string"),
    ],
)
def test_a_field_of_a_wrong_type(post: Any, value: Any, words: str) -> None:
    """The error names the JSON type, the struct's field and its Go type."""
    with pytest.raises(Rejected) as caught:
        read(post({"name": value}), "ThingRequest").text("name")
    assert caught.value.error.message == f"json: cannot unmarshal {words}"


def test_a_body_that_is_no_object(post: Any) -> None:
    """Any other value than an object and null is refused as a whole."""
    with pytest.raises(Rejected) as caught:
        read(post([1]), "ChatRequest")
    words = "json: cannot unmarshal array into Go value of type api.ChatRequest"
    assert caught.value.error.message == words
    assert read(post(None), "ChatRequest").value == {}


def test_a_null_in_an_array_is_an_empty_object(post: Any) -> None:
    """Go leaves an element that is null at its zero value."""
    body = read(post({"tools": [None, {"a": 1}]}), "ChatRequest")
    assert [dict(tool.value) for tool in objects(body, "tools")] == [{}, {"a": 1}]


def test_html_is_escaped() -> None:
    """encoding/json writes <, > and & as escapes; the value stays the same."""
    assert literal("<b> & é") == '"\\u003cb\\u003e \\u0026 é"'
    assert json.loads(dumps({"a": "<\u2028>"})) == {"a": "<\u2028>"}


@pytest.mark.parametrize(
    ("moment", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1_790_000_000.25, "2026-09-21T14:13:20.25Z")],
)
def test_times(moment: float, text: str) -> None:
    """Times are UTC without trailing zeros in the fraction."""
    assert time(moment) == text


def test_moments() -> None:
    """Moments in a row pass from one second into the next, without zeros at their ends."""
    found = islice(moments(1_790_000_000.5, 250_000), 4)
    assert list(found) == [
        "2026-09-21T14:13:20.5Z",
        "2026-09-21T14:13:20.75Z",
        "2026-09-21T14:13:21Z",
        "2026-09-21T14:13:21.25Z",
    ]
