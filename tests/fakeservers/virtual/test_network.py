"""The network in memory, as asyncio's own streams see it."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager
from random import Random

import pytest

from fakeservers.virtual.errors import RealNetworkError
from fakeservers.virtual.network import Network, NetworkLoop

PORT = 8080


def run(main, handle=None, *, rtt_s=0.0, ties=None):
    """Run a coroutine function with a network, where `handle` serves PORT."""
    network = Network(rtt_s=rtt_s)

    async def served():
        if handle is not None:
            await asyncio.start_server(handle, "127.0.0.1", PORT)
        try:
            return await main(network)
        finally:
            network.close()

    with asyncio.Runner(loop_factory=lambda: NetworkLoop(network, ties=ties)) as runner:
        return runner.run(served())


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def connected(**how):
    """A reader and a writer to the port."""
    reader, writer = await asyncio.open_connection(**(how or {"host": "localhost", "port": PORT}))
    try:
        yield reader, writer
    finally:
        writer.close()


def now_s():
    return asyncio.get_running_loop().time()


def test_a_round_trip_takes_its_time():
    """Connecting takes one round trip, question and answer another."""

    async def main(network):
        async with connected() as (reader, writer):
            times = [now_s()]
            writer.write(b"Hello")
            assert await reader.read(100) == b"Hello"
            return [*times, now_s()]

    assert run(main, echo, rtt_s=0.04) == [0.04, 0.08]


def test_a_large_transfer_is_whole_and_paused():
    """More than the buffers hold arrives in full, and a writer waits for a slow reader."""

    async def slowly(reader, writer):
        await asyncio.sleep(60)
        writer.write(await reader.read(-1))
        writer.close()

    async def main(network):
        async with connected() as (reader, writer):
            data = bytes(range(256)) * 8192
            writer.write(data)
            await writer.drain()
            waited_s = now_s()
            writer.write_eof()
            return waited_s, await reader.read(-1) == data

    assert run(main, slowly) == (60.0, True)


def test_connections_are_refused():
    """A port where nobody listens raises ConnectionRefusedError."""

    async def main(network):
        with pytest.raises(ConnectionRefusedError) as caught:
            await asyncio.open_connection("localhost", PORT)
        return type(caught.value)

    assert run(main, None) is ConnectionRefusedError


def test_a_reset_comes_after_what_was_sent():
    """SO_LINGER of 0 makes a close an RST; the bytes before it arrive."""

    async def reset(reader, writer):
        writer.write(b"some")
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def main(network):
        async with connected() as (reader, _):
            first = await reader.read(100)
            with pytest.raises(ConnectionResetError):
                await reader.read(100)
            return first

    assert run(main, reset) == b"some"


def test_bytes_arrive_in_their_order():
    """Also where what is due at one instant comes in a random order."""

    async def main(network):
        async with connected() as (reader, writer):
            for number in range(50):
                writer.write(b"%d," % number)
            writer.write_eof()
            return await reader.read(-1)

    sent = b"".join(b"%d," % number for number in range(50))
    assert run(main, echo, rtt_s=1.0, ties=Random(1)) == sent


def test_a_half_closed_connection_still_answers():
    """After the end of the question the whole answer arrives, then its end."""

    async def main(network):
        async with connected() as (reader, writer):
            writer.write(b"Hello")
            writer.write_eof()
            return await reader.read(-1)

    assert run(main, echo, rtt_s=1.0) == b"Hello"


def test_writing_to_who_left_is_a_reset():
    """Bytes for a connection that its reader closed come back as an RST, which the next write
    meets."""

    async def talk_on(reader, writer):
        try:
            while True:
                writer.write(b"more")
                await writer.drain()
                await asyncio.sleep(1)
        except ConnectionResetError:
            gone.append(now_s())

    async def main(network):
        async with connected():
            await asyncio.sleep(2.5)
        await asyncio.sleep(10)

    gone = []
    run(main, talk_on)
    assert gone == [4.0]


def test_the_world_outside_is_refused():
    """A real host is refused by name, with the way to a fake."""

    async def main(network):
        with pytest.raises(RealNetworkError, match=r"example.com.*sim.openai.url"):
            await asyncio.open_connection("example.com", 443)
        return True

    assert run(main)


def test_a_socket_made_by_the_program_is_connected():
    """aiohttp makes its sockets itself, then hands them to the loop."""

    async def main(network):
        made = socket.socket()
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", PORT))
        async with connected(sock=made) as (reader, writer):
            writer.write(b"Hello")
            return await reader.read(100)

    assert run(main, echo) == b"Hello"
