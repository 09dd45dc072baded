"""How answers leave, as ASGI messages and straight into the connection."""

import asyncio

import pytest

from fakeservers.serving.delivery import WRITE_BYTES_MAX, deliver
from fakeservers.wire.base import Answer, Frame

DATE = "Sun, 22 Nov 2026 10:00:00 GMT"


class Wire:
    """A connection that keeps what is written to it."""

    def __init__(self, keeps_alive=True):
        self.keeps_alive = keeps_alive
        self.writes = []
        self.ended = False

    def write(self, data, *, last=False):
        self.writes.append(data)
        self.ended = last

    async def drained(self):
        pass


def messages(answer, **options):
    """The ASGI messages of one delivery, and the bytes that it says it sent."""
    sent = []

    async def send(message):
        sent.append(message)

    return sent, asyncio.run(deliver(answer, send, date=DATE, **options))


def written(answer, wire=None, **options):
    """The writes of one delivery into a connection."""
    wire = wire or Wire()
    asyncio.run(deliver(answer, None, wire, date=DATE, **options))
    assert wire.ended
    return wire.writes


def test_a_whole_body_has_its_length():
    """One start, one body."""
    sent, size = messages(Answer(headers=(("a", "b"),), body=b"xyz"))
    assert sent[0]["headers"] == [(b"date", DATE.encode()), (b"a", b"b"), (b"content-length", b"3")]
    assert (sent[1]["body"], size) == (b"xyz", 3)


def test_a_whole_answer_is_one_write():
    """Status line, headers, blank line, body."""
    (data,) = written(Answer(status=404, headers=(("a", "b"),), body=b"xyz"))
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 404 Not Found",
        b"a: b",
        b"date: " + DATE.encode(),
        b"content-length: 3",
    ]
    assert body == b"xyz"


def test_due_frames_leave_in_one_write():
    """Frames without delay between them are joined; each keeps its own framing."""
    answer = Answer(body=(Frame(b"a\n"), Frame(b"b\n")))
    sent, size = messages(answer)
    assert [m["body"] for m in sent[1:]] == [b"a\nb\n", b""]
    first, last = written(answer)
    assert first.endswith(b"transfer-encoding: chunked\r\n\r\n4\r\na\nb\n\r\n")
    assert (last, size) == (b"0\r\n\r\n", 4)


def test_a_long_run_of_frames_is_cut_into_writes():
    """A slow reader is waited for between them."""
    frames = [Frame(b"x" * 1000)] * (WRITE_BYTES_MAX // 1000 + 10)
    sent, size = messages(Answer(body=iter(frames)))
    assert [len(m["body"]) > 0 for m in sent[1:]] == [True, True, False]
    assert size == 1000 * len(frames)
    assert len(written(Answer(body=iter(frames)))) == 3


def test_an_empty_stream_has_a_head():
    """And its end."""
    (data,) = written(Answer(body=iter(())))
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert data.endswith(b"\r\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("body", [b"xyz", (Frame(b"xyz"),)], ids=["whole", "stream"])
def test_head_has_headers_and_no_body(body):
    """The length is that of the body that GET would send."""
    sent, _ = messages(Answer(body=body), head_only=True)
    assert sent[-1]["body"] == b""
    (data,) = written(Answer(body=body), head_only=True)
    assert data.endswith(b"\r\n\r\n")


def test_a_connection_that_closes_says_so():
    """The client must not send another request on it."""
    (data,) = written(Answer(body=b""), Wire(keeps_alive=False))
    assert b"\r\nconnection: close\r\n" in data


def test_a_line_break_in_a_header_begins_no_other():
    """Whatever a script or a model's name holds."""
    answer = Answer(headers=(("a", "b\r\nset-cookie: c\x00\u4e2d"),), body=b"")
    (data,) = written(answer)
    assert b"\r\na: b??set-cookie: c??\r\n" in data
    sent, _ = messages(answer)
    assert (b"a", b"b??set-cookie: c??") in sent[0]["headers"]
