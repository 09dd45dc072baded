"""Sockets: what becomes of connections."""

import asyncio
import http.client
import socket

import pytest

from fakeservers import FakeServers, ServerThread, StartError, simulate
from fakeservers.serving import server
from tests.fakeservers.tiny import TINY


def ask(connection):
    connection.request("POST", "/say", '{"text": "x"}')
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_a_connection_is_kept_alive(monkeypatch):
    """Several requests, one connection."""
    with FakeServers(providers=(TINY,)) as servers:
        connection = http.client.HTTPConnection(servers.tiny.url.removeprefix("http://"))
        assert ask(connection) == 200
        own = connection.sock.getsockname()
        assert ask(connection) == 200
        assert connection.sock.getsockname() == own
        connection.close()


def test_an_idle_connection_is_closed():
    """Not before its time, which begins with the last answer."""
    pause_s = server.KEEP_ALIVE_S - 1

    async def main():
        host, _, port = sim.tiny.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(2):
            writer.write(
                b'POST /say HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n{"text": "x"}'
            )
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 OK")
            await asyncio.sleep(pause_s)
        assert await reader.read() == b""
        writer.close()

    with simulate(providers=(TINY,)) as sim:
        sim.run(main)
        assert sim.now == pause_s + server.KEEP_ALIVE_S


def test_what_is_no_http_is_refused_and_survived():
    """The next client is answered."""
    with FakeServers(providers=(TINY,)) as servers:
        address = servers.tiny.url.removeprefix("http://")
        host, _, port = address.partition(":")
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 400")
        connection = http.client.HTTPConnection(address)
        assert ask(connection) == 200
        connection.close()


def test_pipelined_requests_are_answered_in_order():
    """Sent at once, without waiting for the first answer."""
    with FakeServers(providers=(TINY,)) as servers:
        servers.tiny.replies(lambda request: request.prompt)
        host, _, port = servers.tiny.url.removeprefix("http://").partition(":")
        request = (
            b"POST /say HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" + b'{"text": "n%d"}'
        )
        sent = b"".join(request % (len(b'{"text": "n%d"}' % n), n) for n in range(3))
        received = b""
        with socket.create_connection((host, int(port))) as raw:
            raw.settimeout(60)
            raw.sendall(sent)
            while b"n2" not in received:
                received += raw.recv(65536)
        assert received.index(b"n0") < received.index(b"n1") < received.index(b"n2")


def test_a_thread_that_does_not_run_runs_nothing():
    """The error says what to do."""

    async def work():
        pass

    with pytest.raises(StartError, match=r"call start\(\) first"):
        ServerThread().run(work())
