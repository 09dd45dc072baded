"""How recorded answers leave."""

import re
import socket
from contextlib import suppress

import openai
import pytest

from fakeservers import FakeServers, simulate
from fakeservers.recording import Recording
from fakeservers.recording.exchanges import Piece
from fakeservers.recording.files import save

from .support import recorded, replaying

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi."}], "stream": True}
CHUNK = b'data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{}}]}\n\n'
STREAM = (Piece(1.0, CHUNK), Piece(2.5, CHUNK[:40]), Piece(4.0, CHUNK[40:] + b"data: [DONE]\n\n"))
KIND = (("content-type", "text/event-stream"),)


@pytest.fixture
def file(tmp_path):
    """A recorded stream in three pieces, one of which ends in the middle of an event."""
    path = tmp_path / "a.toml"
    save(path, [recorded(BODY, pieces=STREAM, headers=KIND, streamed=True)])
    return path


def raw_answer(url, request):
    """All bytes of an answer whose connection is closed at its end."""
    host, port = url.removeprefix("http://").partition("/")[0].split(":")
    with socket.create_connection((host, int(port)), timeout=5) as sock:
        sock.sendall(request)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def request(method, body):
    head = f"{method} /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def test_pieces_are_chunks_as_they_were(file):
    """Where they were cut, even within an event."""
    (body,) = (each.asked.body for each in [recorded(BODY)])
    with replaying(file) as fakes:
        answer = raw_answer(fakes.openai.url, request("POST", body))
    sizes = [int(size, 16) for size in re.findall(rb"\r\n([0-9a-f]+)\r\n", answer)]
    assert sizes == [*(len(piece.data) for piece in STREAM), 0]


@pytest.mark.parametrize(("scale", "times"), [(0, [0, 0]), (1, [1.0, 4.0]), (10, [10.0, 40.0])])
def test_a_stream_takes_its_time_if_it_is_asked_to(file, scale, times):
    """In virtual time exactly so."""

    async def read():
        async with openai.AsyncOpenAI(max_retries=0, timeout=100) as client:
            stream = await client.chat.completions.create(**BODY)
            return [world.now async for _ in stream]

    with simulate(recording=Recording(file, time_scale=scale)) as world:
        assert world.run(read) == times


def test_a_closed_fake_replays_nothing(file):
    """A request that comes after the end of its test is told so, and nothing else."""
    with FakeServers(recording=Recording(file)) as fakes:
        fakes.close("This test has ended.")
        answer = raw_answer(fakes.openai.url, request("POST", b"{}"))
        assert answer.startswith(b"HTTP/1.1 410") and b"This test has ended." in answer
        fakes.openai.unused = "allow"


def test_only_who_is_let_in_is_answered(file):
    """Where a server has a token, its recordings are behind it."""
    with FakeServers(recording=Recording(file), token="let-me-in") as fakes:
        fakes.openai.unused = "allow"
        answer = raw_answer(fakes.openai.url, request("POST", b"{}"))
        assert answer.startswith(b"HTTP/1.1 401")


def test_a_chance_that_a_rule_has_is_the_same_with_a_recording(file):
    """Whether a fault is drawn does not depend on who answers otherwise."""
    save(file, [recorded(BODY, pieces=STREAM, headers=KIND, streamed=True)] * 20)

    def statuses(recording):
        with FakeServers(7, recording=recording) as fakes:
            fakes.openai.unused = "allow"
            fakes.openai.fails(503, rate=0.5)
            with openai.OpenAI(max_retries=0) as client:
                for _ in range(20):
                    with suppress(openai.InternalServerError):
                        list(client.chat.completions.create(**BODY))
            return [call.status for call in fakes.openai.calls]

    assert statuses(Recording(file)) == statuses(None)
    assert {200, 503} == set(statuses(None))
