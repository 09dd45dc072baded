"""The protocol of a connection: how requests are read from its bytes."""

import asyncio

from fakeservers import simulate
from fakeservers.serving import receiving
from tests.fakeservers.tiny import TINY

HEAD = b"POST /say?key=abc&x=%%20 HTTP/1.1\r\nhost: x\r\nX-A: \xe9\r\ncontent-length: %d\r\n\r\n"


def request(body):
    return HEAD % len(body) + body


def exchanged(*parts):
    """What is answered to bytes that arrive second by second, and what the journal tells."""

    async def main():
        host, _, port = sim.tiny.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for part in parts:
            writer.write(part)
            await asyncio.sleep(1)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer

    with simulate(providers=(TINY,)) as sim:
        return sim.run(main), sim.tiny.calls


def test_a_body_may_arrive_in_parts():
    """They are joined before anything is parsed."""
    whole = request(b'{"text": "hello"}')
    answer, (call,) = exchanged(whole[:-12], whole[-12:-4], whole[-4:])
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert call.prompt == "hello"


def test_a_body_over_the_limit_is_413(monkeypatch):
    """It is read to its end, so that the sender hears the answer, and noted in the journal."""
    monkeypatch.setattr(receiving, "BODY_BYTES_MAX", 10)
    whole = request(b"x" * 18)
    answer, (call,) = exchanged(whole[:-12], whole[-12:-6], whole[-6:])
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert call.status == 413


def test_every_answer_is_dated():
    """In the form that HTTP prescribes."""
    answer, _ = exchanged(request(b'{"text": "x"}'))
    assert b"\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\n" in answer


def test_query_and_headers_are_decoded():
    """Percent escapes in the query; header bytes as Latin-1."""
    _, (call,) = exchanged(request(b'{"text": "x"}'))
    assert call.query["x"] == " "
    assert call.headers["x-a"] == "é"


def test_the_exchange_is_complete_when_the_last_byte_is_handed_over():
    """Whoever has read the answer finds it in the journal."""
    answer, (call,) = exchanged(request(b'{"text": "x"}'))
    assert call.outcome == "complete"
    assert call.sent_bytes == len(answer.partition(b"\r\n\r\n")[2])


def test_a_client_that_leaves_before_its_end_is_not_answered():
    """Nothing is sent and nothing decided; the journal tells that it was there."""
    answer, (call,) = exchanged(request(b'{"text": "x"}')[:-3])
    assert answer == b""
    assert (call.outcome, call.status, call.request) == ("disconnected", 0, None)
