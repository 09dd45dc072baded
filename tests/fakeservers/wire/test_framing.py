"""JSON and streams as bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeservers.wire.framing import deltas, dumps, encode, event, json_bytes, line, quote, sse

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_json_comes_back_as_it_was(value):
    """As bytes, as text and as a line; integers of any size."""
    assert json.loads(json_bytes(value)) == value
    assert json.loads(dumps(value)) == value
    assert line(value).endswith(b"\n")


@given(st.text())
def test_a_quoted_text_is_a_json_string(text):
    """For templates that build many like frames."""
    assert json.loads(quote(text)) == text


@pytest.mark.parametrize("write", [json_bytes, line, lambda value: encode(value["a"])])
def test_a_lone_surrogate_is_no_error(write):
    """JSON can smuggle one in as an escape; it leaves as a question mark."""
    assert b"?" in write({"a": "\ud800"})


def test_events_are_framed():
    """With and without a name."""
    assert sse("{}") == b"data: {}\n\n"
    assert event("ping", "{}") == b"event: ping\ndata: {}\n\n"


def test_given_chunks_are_the_deltas():
    """Else about a token each."""
    assert deltas("abc", ("a", "bc")) == ("a", "bc")
    assert deltas("a b") == ("a", " b")
