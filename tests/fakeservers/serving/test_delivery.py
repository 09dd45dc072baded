"""How answers leave: at once or in time, and what faults do to them, without a socket."""

import asyncio

import pytest

from fakeservers import (
    cut,
    error_event,
    garbage,
    html_page,
    overloaded,
    reset,
    stall,
    wrong_length,
)
from fakeservers.behaviour import faults
from fakeservers.behaviour.pace import Delay, Pace, timing
from fakeservers.rng import derive
from fakeservers.serving.delivery import WRITE_BYTES_MAX, at_once, in_time
from fakeservers.wire.base import Answer, Frame
from tests.fakeservers.support import Tape, VirtualClock, exchange

STREAM = (Frame(b"[open]"), Frame(b"one.", True), Frame(b"two.", True), Frame(b"[end]"))
WHOLE = b'{"text": "hello"}'


def delivered(answer, fault=None, pace=None):
    """The tape of one delivery, and its journal entry."""
    tape, clock = Tape(), VirtualClock()
    tape.clock = clock
    entry = exchange()
    entry.fault = fault
    if pace is not None:
        entry.timing = timing(
            pace,
            lambda: derive(0),
            load=lambda: 0.0,
            input_tokens=0,
            tokens=3,
            hidden_tokens=0,
            cold=False,
        )
    asyncio.run(in_time(answer, entry, tape, clock, 0.0))
    return tape, entry


def stream():
    return Answer(body=iter(STREAM))


def test_a_whole_answer_leaves_at_once():
    """Start with its length, body, end."""
    tape = Tape()
    assert at_once(Answer(status=404, body=b"xyz"), exchange(), tape, VirtualClock()) is None
    assert tape.log == ["start 404 3", b"xyz", "finish"]


def test_due_frames_leave_in_one_write():
    """Frames without delay between them are joined; each keeps its own framing."""
    tape = Tape()
    assert at_once(stream(), exchange(), tape, VirtualClock()) is None
    assert tape.log == ["start 200 None", b"[open]one.two.[end]", "finish"]


def test_a_long_run_of_frames_is_cut_into_writes():
    """A slow reader is waited for between them, so the rest is handed back."""
    frames = [Frame(b"x" * 1000)] * (WRITE_BYTES_MAX // 1000 + 10)
    rest = list(at_once(Answer(body=iter(frames)), exchange(), Tape(), VirtualClock()))
    assert len(rest) == 2
    assert sum(len(frame.data) for frame in rest) == 1000 * len(frames)


@pytest.mark.parametrize(
    ("fault", "body", "end"),
    [
        (cut(after_chunks=0), b"[open]", "close"),
        (cut(after_chunks=1), b"[open]one.", "close"),
        (cut(after_chunks=1, ends="stream"), b"[open]one.", "finish"),
        (cut(after_chunks=1, ends="content"), b"[open]one.[end]", "finish"),
        (cut(after_chunks=9), b"[open]one.two.[end]", "finish"),
        (reset(after_chunks=2), b"[open]one.two.", "reset"),
        (faults.duplicate_chunk(2), b"[open]one.two.two.[end]", "finish"),
        (faults.missing_chunk(1), b"[open]two.[end]", "finish"),
        (garbage("truncated_json", after_chunks=1), b"[open]one.tw[end]", "finish"),
        (
            garbage("sse_line", after_chunks=1),
            b"[open]one.this line is no field of an event\n\ntwo.[end]",
            "finish",
        ),
    ],
    ids=str,
)
def test_a_stream_goes_wrong_as_said(fault, body, end):
    """What comes before the fault is delivered, what comes after is not."""
    tape, _ = delivered(stream(), fault)
    assert tape.body == (b"" if fault == cut(after_chunks=0) else body)
    assert tape.log[-1] == end


@pytest.mark.parametrize(
    ("after_chunks", "body"), [(0, b"[open]!"), (1, b"[open]one.!"), (2, b"[open]one.two.!")]
)
def test_an_error_in_a_stream_comes_after_so_many_chunks(after_chunks, body):
    """0 is before the first, and after what opens the stream."""
    answer = stream()
    answer.failing = lambda error, told: error
    answer.failure = b"!"
    tape, entry = delivered(answer, error_event(overloaded(), after_chunks=after_chunks))
    assert b"".join(part for part in tape.log if isinstance(part, bytes)) == body
    assert (entry.sent_chunks, entry.chunks) == (after_chunks, 2)


def test_an_error_in_a_stream_leaves_an_answer_in_one_piece_alone():
    """It is that error already, and has no middle."""
    tape, _ = delivered(Answer(status=529, body=WHOLE), error_event(overloaded()))
    assert tape.log == [f"start 529 {len(WHOLE)}", WHOLE, "finish"]


@pytest.mark.parametrize("ends", ["stream", "content"])
@pytest.mark.parametrize(("after_chunks", "sent"), [(0, 0), (1, 9), (2, 17)])
def test_an_answer_in_one_piece_that_ends_early_has_the_length_of_what_is_sent(
    ends, after_chunks, sent
):
    """Its HTTP is in order: nobody waits for the rest."""
    tape, _ = delivered(Answer(body=WHOLE), cut(after_chunks=after_chunks, ends=ends))
    assert tape.log[0] == f"start 200 {sent}"
    assert b"".join(part for part in tape.log if isinstance(part, bytes)) == WHOLE[:sent]


@pytest.mark.parametrize("fault", [reset(), cut(ends="answer")], ids=str)
def test_nothing_may_come_at_all(fault):
    """Not even the status line."""
    tape, entry = delivered(stream(), fault)
    assert len(tape.log) == 1
    assert entry.outcome in ("reset", "cut")


def test_an_answer_in_one_piece_is_cut_in_its_middle():
    """Its length promises more than comes."""
    tape, entry = delivered(Answer(body=WHOLE), cut(after_chunks=1))
    assert tape.log == [f"start 200 {len(WHOLE)}", WHOLE[:9], "close"]
    assert (entry.outcome, entry.sent_bytes) == ("cut", 9)


def test_status_body_and_length_can_be_others():
    """A proxy's page; a length that lies."""
    tape, _ = delivered(Answer(body=WHOLE), html_page(502))
    assert tape.log[0].startswith("start 502")
    assert tape.body.startswith(b"<html>")
    assert delivered(Answer(body=b"xyz"), wrong_length(5))[0].log[0] == "start 200 8"


def test_a_stall_waits_after_its_chunk():
    """And what follows comes when it is over."""
    tape, _ = delivered(stream(), stall(after_chunks=1, for_s=5))
    assert tape.at == [(0.0, b"[open]one."), (5.0, b"two.[end]")]


def test_frames_come_when_they_are_due():
    """What opens the stream comes with the first chunk, what ends it with the last."""
    pace = Pace(ttft=Delay(median_s=2.0), inter_token=Delay(median_s=0.5))
    tape, entry = delivered(stream(), pace=pace)
    assert tape.at == [(2.0, b"[open]one."), (2.5, b"two.[end]")]
    assert entry.outcome == "complete"


def test_an_answer_in_one_piece_takes_the_time_of_its_tokens():
    """First token, then a gap for each of the others."""
    pace = Pace(ttft=Delay(median_s=2.0), inter_token=Delay(median_s=0.5))
    tape, _ = delivered(Answer(body=WHOLE), pace=pace)
    assert tape.at == [(3.0, WHOLE)]


def test_a_trickle_comes_a_few_bytes_at_a_time():
    """Each at its own due time."""
    tape, _ = delivered(Answer(body=b"abcdef"), faults.trickle(chunk_bytes=4, every_s=1))
    assert tape.at == [(0.0, b"abcd"), (1.0, b"ef")]


def test_writes_may_end_inside_characters():
    """A character of several bytes is cut after its first."""
    tape, _ = delivered(Answer(body="aéb".encode()), faults.split_utf8())
    assert [data for _, data in tape.at] == [b"a\xc3", b"\xa9b"]


@pytest.mark.parametrize(("kind", "end"), [("lf", b"\n"), ("crlf", b"\r\n"), ("cr", b"\r")])
def test_lines_end_as_said(kind, end):
    """Whatever the provider's own line ends are."""
    answer = Answer(body=iter((Frame(b"data: 1\r\n\r\n"), Frame(b"data: 2\n\n", True))))
    tape, _ = delivered(answer, faults.line_endings(kind))
    assert tape.body == b"data: 1" + end * 2 + b"data: 2" + end * 2
