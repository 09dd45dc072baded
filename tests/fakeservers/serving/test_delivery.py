"""How answers leave through ASGI."""

import asyncio

from fakeservers.serving.delivery import WRITE_BYTES_MAX, deliver
from fakeservers.wire.base import Answer, Frame

DATE = "Sun, 22 Nov 2026 10:00:00 GMT"


def sent(answer, **options):
    """The ASGI messages of one delivery, and the bytes that it says it sent."""
    messages = []

    async def send(message):
        messages.append(message)

    return messages, asyncio.run(deliver(answer, send, date=DATE, **options))


def test_a_whole_body_has_its_length():
    """One start, one body."""
    messages, size = sent(Answer(headers=(("a", "b"),), body=b"xyz"))
    assert messages[0]["headers"] == [
        (b"date", DATE.encode()),
        (b"a", b"b"),
        (b"content-length", b"3"),
    ]
    assert (messages[1]["body"], size) == (b"xyz", 3)


def test_due_frames_leave_in_one_write():
    """Frames without delay between them are joined; each keeps its own framing."""
    messages, size = sent(Answer(body=(Frame(b"a\n"), Frame(b"b\n"))))
    assert [m.get("body") for m in messages[1:]] == [b"a\nb\n"]
    assert size == 4


def test_a_long_run_of_frames_is_cut_into_writes():
    """A slow reader is waited for between them."""
    frames = [Frame(b"x" * 1000)] * (WRITE_BYTES_MAX // 1000 + 10)
    messages, size = sent(Answer(body=iter(frames)))
    assert [m.get("more_body", False) for m in messages[1:]] == [True, False]
    assert size == 1000 * len(frames)


def test_head_has_headers_and_no_body():
    """The length is that of the body that GET would send."""
    messages, _ = sent(Answer(body=b"xyz"), head_only=True)
    assert (b"content-length", b"3") in messages[0]["headers"]
    assert messages[1]["body"] == b""
