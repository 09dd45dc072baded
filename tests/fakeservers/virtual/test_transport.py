"""The in-memory transport, on httpx and httpx2."""

import asyncio
from importlib import import_module

import pytest

from fakeservers import simulate
from fakeservers.virtual.network import Network, NetworkLoop
from fakeservers.virtual.transport import in_memory_transport

PORT = 8080
URL = f"http://127.0.0.1:{PORT}/"
PROMPT = [{"role": "user", "content": "Hello"}]


@pytest.fixture(params=["httpx", "httpx2"])
def http(request):
    """Each of the two libraries."""
    return import_module(request.param)


def run(http, app, main, *, timeout=None, connections_max=None, **options):
    """Run `main(client)` against an ASGI application in virtual time; its result and the time."""
    network = Network(**options)

    async def with_client():
        transport = in_memory_transport(
            {PORT: app}, network, flavour=http.__name__, connections_max=connections_max
        )
        async with http.AsyncClient(transport=transport, timeout=timeout, base_url=URL) as client:
            return await main(client), asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=lambda: NetworkLoop(network)) as runner:
        return runner.run(with_client())


def now_s():
    return asyncio.get_running_loop().time()


def streaming(*pauses_s, left=None):
    """An application that sends a part after each pause."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for number, pause_s in enumerate(pauses_s):
                await asyncio.sleep(pause_s)
                part = b"%d" % number
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            if left is not None:
                left.append((await receive())["type"])

    return app


async def parts(client):
    """Every part of the answer with the time at which it came."""
    async with client.stream("GET", "/") as answer:
        return [(part, now_s()) async for part in answer.aiter_raw()]


def test_parts_arrive_when_they_are_sent(http):
    """Time to first token and between tokens are the application's, exactly."""
    assert run(http, streaming(30, 0.5, 0.5), parts)[0] == [(b"0", 30), (b"1", 30.5), (b"2", 31)]


def test_a_round_trip_takes_its_time(http):
    """Half to ask and half to answer, and one more to connect the first time."""

    async def main(client):
        return [await parts(client), await parts(client)]

    first, second = run(http, streaming(1), main, rtt_s=0.1)[0]
    assert (first, second) == ([(b"0", 1.2)], [(b"0", 2.3)])


@pytest.mark.parametrize(
    ("timeout", "problem", "at_s"),
    [({"read": 20}, "ReadTimeout", 20), ({"read": 40}, "ReadTimeout", 70)],
)
def test_read_timeouts_are_kept(http, timeout, problem, at_s):
    """The time between two parts counts, not the whole answer."""

    async def main(client):
        with pytest.raises(getattr(http, problem)):
            await parts(client)

    app = streaming(30, 50)
    options = http.Timeout(None, **timeout)
    assert run(http, app, main, timeout=options)[1] == at_s


def test_a_pool_has_its_limit(http):
    """With one connection a second request waits for the first, up to the pool timeout."""

    async def main(client):
        return await asyncio.gather(parts(client), parts(client), return_exceptions=True)

    options = http.Timeout(None, pool=5)
    first, second = run(http, streaming(30), main, timeout=options, connections_max=1)[0]
    assert first == [(b"0", 30.0)]
    assert isinstance(second, http.PoolTimeout)


def test_nobody_there_is_a_connect_error(http):
    """An address without an application refuses."""

    async def main(client):
        with pytest.raises(http.ConnectError, match=r"127\.0\.0\.1:81"):
            await client.get("http://127.0.0.1:81/")

    run(http, streaming(1), main)


@pytest.mark.parametrize("after", ["the start", "nothing"])
@pytest.mark.parametrize(
    ("reason", "problem"),
    [(ConnectionResetError("reset"), "ReadError"), (None, "RemoteProtocolError")],
)
def test_an_answer_that_breaks_off_is_an_error(http, reason, problem, after):
    """An application that fails or ends early is never a silent end of the answer."""

    async def app(scope, receive, send):
        if after == "the start":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        if reason is not None:
            raise reason

    async def main(client):
        with pytest.raises(getattr(http, problem)):
            await parts(client)

    run(http, app, main)


def test_the_application_hears_that_the_client_left(http):
    """Closing an answer early disconnects the application at that instant."""
    left = []

    async def main(client):
        async with client.stream("GET", "/") as answer:
            async for _ in answer.aiter_raw():
                break
        await asyncio.sleep(60)

    run(http, streaming(1, 1, left=left), main)
    assert left == ["http.disconnect"]


def test_an_sdk_takes_it():
    """An official SDK with an injected client reaches the fake."""
    openai = pytest.importorskip("openai")
    httpx2 = pytest.importorskip("httpx2")

    async def main():
        client = openai.AsyncOpenAI(http_client=httpx2.AsyncClient(transport=sim.transport()))
        stream = await client.chat.completions.create(model="gpt-5", messages=PROMPT, stream=True)
        return "".join([c.choices[0].delta.content or "" async for c in stream])

    with simulate() as sim:
        sim.openai.replies("Hi!")
        assert sim.run(main) == "Hi!"
