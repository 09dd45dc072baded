"""Recordings as files."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeservers import ScriptError
from fakeservers.recording.exchanges import Piece, Recorded
from fakeservers.recording.files import dump, load, save
from fakeservers.wire.base import HttpRequest

from .support import recorded

NAMES = st.sampled_from(["content-type", "x-request-id", "retry-after"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
PIECES = st.lists(
    st.builds(Piece, st.integers(0, 9_000).map(lambda ms: ms / 1000), st.binary(min_size=1)),
    max_size=4,
).map(tuple)
EXCHANGES = st.builds(
    Recorded,
    provider=st.sampled_from(["claude", "openai"]),
    asked=st.builds(
        HttpRequest,
        method=st.just("POST"),
        path=st.text(min_size=1),
        query=st.dictionaries(st.text(min_size=1), st.text()),
        body=st.binary(),
    ),
    status=st.integers(100, 599),
    headers=st.dictionaries(NAMES, st.text()).map(lambda d: tuple(d.items())),
    pieces=PIECES,
    streamed=st.just(True),
    cut=st.booleans(),
)


@given(st.lists(EXCHANGES, max_size=3))
def test_what_is_read_is_what_was_written(tmp_path_factory, exchanges):
    """Every byte, every chunk, every millisecond."""
    file = tmp_path_factory.mktemp("recordings") / "a.toml"
    save(file, exchanges)
    assert load(file) == tuple(exchanges)


@given(JSON.filter(lambda value: isinstance(value, dict | list)), st.sampled_from([None, 1, 2]))
def test_json_is_set_out_and_read_byte_by_byte(tmp_path_factory, value, indent):
    """However the service wrote it."""
    import json

    body = json.dumps(value, indent=indent).encode()
    exchange = recorded(pieces=(Piece(1.5, body),))
    file = tmp_path_factory.mktemp("recordings") / "a.toml"
    save(file, [exchange])
    assert [each.body for each in load(file)] == [body]


def test_a_file_is_read_by_people():
    """JSON stands in lines, text as it is, with the line that records it anew."""
    said = recorded({"a": 1}, {"b": "ä"}, headers=(("retry-after", "2"),))
    text = dump([said], again="pytest --llmsim-mode=record 'x'")
    assert '{\n  "b": "ä"\n}' in text and "# Anew: pytest --llmsim-mode=record 'x'" in text
    (exchange,) = tomllib.loads(text)["exchange"]
    assert exchange["answer"]["headers"] == {"retry-after": "2"}


def test_a_request_is_set_out_however_it_came():
    """It is compared as a value, so its spaces need not be kept."""
    assert '"a": 1\n}' in dump([recorded(b'{"a":    1}')])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[exchange]", "a.toml: "),
        ("exchange = 3", "a.toml: exchanges begin with [[exchange]]"),
        ("[[exchange]]\nprovider = 'x'", "a.toml:1: exchange 1: 'request' is missing"),
        (
            "\n[[exchange]]\nprovider = 'x'\nrequest = {method = 'GET', path = '/'}\n"
            "answer = {status = 200, json = '{'}",
            "a.toml:2: exchange 1: json: ",
        ),
        (
            "[[exchange]]\nprovider = 'x'\nrequest = {method = 'GET', path = '/'}\n"
            "answer = {status = 200, pieces = ['x']}",
            "a piece is its second and its text",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, monkeypatch, text, told):
    """In a file that somebody has edited."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ScriptError) as problem:
        load(tmp_path / "a.toml")
    assert told in str(problem.value)
