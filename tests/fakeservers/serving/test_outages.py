"""Faults of the connection itself, on real sockets."""

import http.client
import json
import socket

import pytest

from fakeservers import FakeServers, ScriptError, closes_connection, cut, refused, reset, stall
from tests.fakeservers.tiny import TINY


@pytest.fixture
def servers():
    with FakeServers(providers=(TINY,)) as running:
        running.tiny.unused = "allow"
        yield running


def connect(servers):
    host, _, port = servers.tiny.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def ask(connection, body=b'{"text": "hello"}'):
    connection.sendall(
        b"POST /say HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    )


def answer(servers):
    """Status of one request on a connection of its own."""
    connection = http.client.HTTPConnection(servers.tiny.url.removeprefix("http://"), timeout=60)
    connection.request("POST", "/say", '{"text": "x"}')
    status = connection.getresponse().status
    connection.close()
    return status


def test_down_refuses_connections_and_cuts_the_open_ones(servers):
    """And afterwards it is up again, at the same address."""
    with connect(servers) as kept, servers.tiny.down():
        with pytest.raises(ConnectionRefusedError):
            connect(servers)
        assert kept.recv(1) == b""
    assert answer(servers) == 200


def test_refusal_is_over_with_reset(servers):
    """`fails(refused())` holds until then."""
    servers.tiny.fails(refused())
    with pytest.raises(ConnectionRefusedError):
        connect(servers)
    servers.tiny.reset()
    assert answer(servers) == 200


def test_refusal_has_its_window(servers):
    """A window that begins later lets in whoever comes before it."""
    servers.tiny.fails(refused(), between=("1h", "2h"))
    assert answer(servers) == 200
    servers.tiny.fails(refused(), between=(0, "1h"))
    with pytest.raises(ConnectionRefusedError):
        connect(servers)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda tiny: tiny.fails(refused(), times=1),
        lambda tiny: tiny.fails(refused(), rate=0.5),
        lambda tiny: tiny.on(prompt="x").fails(refused()),
    ],
)
def test_a_refusal_knows_nothing_of_requests(servers, wrong):
    """The message says what to write instead."""
    with pytest.raises(ScriptError, match=r"write reset\(\)"):
        wrong(servers.tiny)


def test_a_reset_is_a_reset(servers):
    """Not a close: the client's read fails with ECONNRESET, and not a byte came."""
    servers.tiny.fails(reset())
    with connect(servers) as connection:
        ask(connection)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def received(connection):
    """All bytes until the connection ends, and how it ended."""
    data = b""
    try:
        while more := connection.recv(65536):
            data += more
    except ConnectionResetError:
        return data, "reset"
    return data, "closed"


@pytest.mark.parametrize(("fault", "end"), [(cut, "closed"), (reset, "reset")])
def test_what_comes_before_the_break_is_delivered(servers, fault, end):
    """Half of an answer in one piece, whose length promised all of it."""
    servers.tiny.fails(fault(after_chunks=1))
    with connect(servers) as connection:
        ask(connection)
        data, how = received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    assert how == end
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert len(body) == (length + 1) // 2


def test_a_connection_closes_after_so_many_requests(servers):
    """The answers themselves do not say so."""
    servers.tiny.fails(closes_connection(after_requests=2))
    with connect(servers) as connection:
        ask(connection)
        first = connection.recv(65536)
        ask(connection)
        second, how = received(connection)
    assert b"connection: close" not in (first + second).lower()
    assert second.startswith(b"HTTP/1.1 200")
    assert how == "closed"


def test_a_client_that_leaves_a_stall_is_noted(servers):
    """Its exchange is `disconnected`, with what it had got."""
    servers.tiny.fails(stall(after_chunks=0))
    with connect(servers) as connection:
        ask(connection)
        assert connection.recv(65536).endswith(b"\r\n\r\n")
    servers.tiny.reset()
    assert answer(servers) == 200


def test_an_offer_of_http2_is_ignored(servers):
    """Java's client makes one with every first request; the body after it is read."""
    body = json.dumps({"text": "upgraded"}).encode()
    with connect(servers) as connection:
        connection.sendall(
            b"POST /say HTTP/1.1\r\nhost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
            b"HTTP2-Settings: AAEAAEAA\r\nUpgrade: h2c\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert servers.tiny.last.prompt == "upgraded"
