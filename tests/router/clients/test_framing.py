"""Bytes into JSON values, however they are cut."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.clients.framing import (
    LINE_BYTES_MAX,
    MALFORMED_MAX,
    Garbled,
    JsonBody,
    JsonLines,
    SseEvents,
)

VALUES = [{"a": "é\u2028\u0085x"}, {"b": [1, "data: {}"]}, {"c": None}]


def _cut(body: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({cut % (len(body) + 1) for cut in cuts} | {0, len(body)})
    return [body[a:b] for a, b in pairwise(ends)]


@given(st.lists(st.integers(0, 10_000)), st.sampled_from(["\n", "\r\n", "\r"]))
def test_events_in_any_pieces(cuts: list[int], end: str) -> None:
    """Where the network cuts does not matter, nor which line end is used."""
    lines = [
        f"event: e{number}{end}data: {json.dumps(value, ensure_ascii=False)}{end}{end}"
        for number, value in enumerate(VALUES)
    ]
    events = SseEvents()
    pieces = _cut("".join(lines).encode(), cuts)
    frames = [frame for piece in pieces for frame in events.feed(piece)] + events.end()
    assert [frame.value for frame in frames] == VALUES
    assert [frame.event for frame in frames] == ["e0", "e1", "e2"] and not events.malformed


@given(st.lists(st.integers(0, 10_000)))
def test_lines_in_any_pieces(cuts: list[int]) -> None:
    """The same for one JSON value a line."""
    body = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in VALUES).encode()
    lines = JsonLines()
    frames = [frame for piece in _cut(body, cuts) for frame in lines.feed(piece)] + lines.end()
    assert [frame.value for frame in frames] == VALUES


def test_what_the_standard_allows() -> None:
    """Comments, ids, data without a space and over several lines are read."""
    events = SseEvents()
    frames = events.feed(b': hello\nid: 7\nretry: 5\ndata:{"a":\ndata: 1}\n\ndata: [DONE]\n\n')
    assert [frame.value for frame in frames] == [{"a": 1}]
    assert events.done and not events.malformed


def test_an_event_without_its_empty_line() -> None:
    """What the end cuts off after a whole value has been said."""
    events = SseEvents()
    assert events.feed(b'data: {"a": 1}') == []
    assert [frame.value for frame in events.end()] == [{"a": 1}]


def test_json_without_data_over_lines() -> None:
    """An error of Google's frontends, pretty-printed among the events, is read."""
    events = SseEvents()
    frames = events.feed(b'{\r\n  "error": {\r\n    "code": 503\r\n  }\r\n}\r\n')
    assert [frame.value for frame in frames] == [{"error": {"code": 503}}]


def test_malformed_are_counted_to_a_limit() -> None:
    """So many malformed lines are skipped, and one more is too much."""
    events = SseEvents()
    assert events.feed(b"data: {\n\n" * MALFORMED_MAX) == []
    with pytest.raises(Garbled, match="malformed"):
        events.feed(b"data: {\n\n")


@pytest.mark.parametrize(
    ("line", "lost"), [(b"no field of an event", 0), (b'data: {"a": ', 1), (b'{"a": ', 1)]
)
def test_what_may_have_been_a_piece_is_told_apart(line: bytes, lost: int) -> None:
    """A line of an unknown field is nothing to any reader; data that are no JSON were an event.
    Where every line is an event, so is an unreadable one."""
    events, lines = SseEvents(), JsonLines()
    for reader in (events, lines):
        reader.feed(line + b"\n\n")
        reader.end()
    assert (events.malformed, events.lost) == (1, lost)
    assert (lines.malformed, lines.lost) == (1, 1)


@pytest.mark.parametrize("framing", [SseEvents, JsonLines, JsonBody])
def test_no_line_without_an_end(framing: type[SseEvents | JsonLines | JsonBody]) -> None:
    """A line that never ends is given up at its limit."""
    reader = framing()
    with pytest.raises(Garbled, match="bytes"):
        reader.feed(b"x" * (LINE_BYTES_MAX + 1))


@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    """Whatever comes is values, a count of misses, or Garbled."""
    for reader in (SseEvents(), JsonLines(), JsonBody()):
        try:
            frames = [*reader.feed(body), *reader.end()]
        except Garbled:
            continue
        assert all(frame.data.strip() for frame in frames)
        assert 0 <= reader.lost <= reader.malformed <= MALFORMED_MAX
