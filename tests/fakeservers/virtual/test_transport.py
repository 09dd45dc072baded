"""The in-memory transport, on httpx and httpx2."""

import asyncio
from importlib import import_module

import pytest

from fakeservers import cut, refused, reset, simulate, stall, text

BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello"}]}
STREAMED = {**BODY, "stream": True}
PATH = "/chat/completions"
HEADERS = {"authorization": "Bearer key"}
WORDS = (b"One", b"two", b"three")


@pytest.fixture(params=["httpx", "httpx2"])
def http(request):
    """Each of the two libraries."""
    return import_module(request.param)


@pytest.fixture(params=[0.0, 1.0], ids=["at once", "rtt"])
def sim(request):
    """A world whose OpenAI counts to three."""
    with simulate(rtt_s=request.param) as sim:
        sim.openai.replies(text("One two three", chunks=("One", " two", " three")))
        sim.openai.unused = "allow"
        yield sim


def run(http, sim, main, *, timeout=None, connections_max=None):
    """Run `main(client)` and return its result."""

    async def with_client():
        transport = sim.transport(http.__name__, connections_max=connections_max)
        options = {"timeout": timeout, "base_url": sim.openai.url, "headers": HEADERS}
        async with http.AsyncClient(transport=transport, **options) as client:
            return await main(client)

    return sim.run(with_client)


async def ask(client):
    """The status of a call."""
    return (await client.post(PATH, json=BODY)).status_code


def listening(sim, met):
    """A program that notes in `met` every word of a stream with the time at which it came."""

    async def main(client):
        async with client.stream("POST", PATH, json=STREAMED) as answer:
            async for part in answer.aiter_raw():
                met.extend((word.decode(), sim.now) for word in WORDS if word in part)

    return main


def test_parts_arrive_when_they_are_sent(http, sim):
    """Time to first token and between tokens are the fake's, exactly, after a round trip to
    connect and one to ask."""
    sim.openai.paces(ttft=30, inter_token=0.5)
    run(http, sim, listening(sim, met := []))
    ways_s = 2 * sim.network.rtt_s
    assert met == [("One", ways_s + 30), ("two", ways_s + 30.5), ("three", ways_s + 31)]


def test_a_connection_is_kept(http, sim):
    """Only the first call connects."""

    async def main(client):
        return [(await ask(client), sim.now) for _ in range(2)]

    rtt_s = sim.network.rtt_s
    assert run(http, sim, main) == [(200, 2 * rtt_s), (200, 3 * rtt_s)]


@pytest.mark.parametrize(
    ("read_s", "seen"),
    [(20, ["ReadTimeout"]), (40, ["One", "ReadTimeout"])],
)
def test_read_timeouts_are_kept(http, sim, read_s, seen):
    """The time between two parts counts, not the whole answer; the fake hears of the end."""
    sim.openai.paces(ttft=30, inter_token=50)
    met = []
    with pytest.raises(http.ReadTimeout):
        run(http, sim, listening(sim, met), timeout=http.Timeout(None, read=read_s))
    assert [*(word for word, _ in met), "ReadTimeout"] == seen
    sim.advance(1)
    assert sim.openai.last.outcome == "disconnected"


def test_connecting_may_take_too_long(http):
    """The connect timeout is of the way, not of the answer."""
    with simulate(rtt_s=5) as sim, pytest.raises(http.ConnectTimeout):
        run(http, sim, ask, timeout=http.Timeout(None, connect=4))
    assert sim.now == 4


def test_a_pool_has_its_limit(http, sim):
    """With one connection a second request waits for the first, up to the pool timeout."""
    sim.openai.paces(ttft=30)

    async def main(client):
        return await asyncio.gather(ask(client), ask(client), return_exceptions=True)

    timeout = http.Timeout(None, pool=5)
    first, second = run(http, sim, main, timeout=timeout, connections_max=1)
    assert first == 200
    assert isinstance(second, http.PoolTimeout)


def test_a_pool_is_free_again(http, sim):
    """However a request ends, the next one has its place."""
    sim.openai.fails(reset(), between=(0, 3))
    sim.openai.fails(cut(after_chunks=1), between=(3, 10))
    sim.openai.fails(refused(), between=(10, 20))

    async def main(client):
        met = []
        for at_s in (0, 4, 12, 30):
            await asyncio.sleep(at_s - sim.now)
            try:
                met.append(await ask(client))
            except http.TransportError as problem:
                met.append(type(problem).__name__)
        return met

    met = run(http, sim, main, timeout=http.Timeout(None, pool=1), connections_max=1)
    assert met == ["ReadError", "RemoteProtocolError", "ConnectError", 200]


def test_nobody_there_is_a_connect_error(http, sim):
    """An address without a fake refuses."""

    async def main(client):
        with pytest.raises(http.ConnectError, match=r"127\.0\.0\.1.*81"):
            await client.get("http://127.0.0.1:81/")

    run(http, sim, main)


@pytest.mark.parametrize(
    ("fault", "problem", "seen"),
    [
        (reset(), "ReadError", []),
        (reset(after_chunks=2), "ReadError", ["One", "two"]),
        (cut(ends="answer"), "RemoteProtocolError", []),
        (cut(after_chunks=2), "RemoteProtocolError", ["One", "two"]),
    ],
    ids=["reset", "reset later", "closed", "closed later"],
)
def test_an_answer_that_breaks_off_is_an_error(http, sim, fault, problem, seen):
    """An answer that ends early is never a silent end; what came before is heard."""
    sim.openai.fails(fault)
    with pytest.raises(getattr(http, problem)):
        run(http, sim, listening(sim, met := []))
    assert [word for word, _ in met] == seen


def test_headers_come_before_the_rest(http, sim):
    """A fake that stalls after the headers has sent them."""
    sim.openai.fails(stall(after_chunks=0, for_s=30))

    async def main(client):
        async with client.stream("POST", PATH, json=STREAMED) as answer:
            return answer.status_code, sim.now

    assert run(http, sim, main) == (200, 2 * sim.network.rtt_s)


def test_the_fake_hears_that_the_client_left(http, sim):
    """Closing an answer early ends it; the journal tells how much had left."""
    sim.openai.paces(ttft=1, inter_token=1)

    async def main(client):
        async with client.stream("POST", PATH, json=STREAMED) as answer:
            async for _ in answer.aiter_raw():
                break
        await asyncio.sleep(60)

    run(http, sim, main)
    assert (sim.openai.last.outcome, sim.openai.last.sent_chunks) == ("disconnected", 1)


def test_a_slow_reader_is_waited_for(http, sim):
    """A fake is only so many parts ahead of its client."""
    sim.openai.reset()
    sim.openai.replies(text("x" * 500, chunks=("x",) * 500))
    sim.openai.paces(inter_token=0.01)

    async def main(client):
        async with client.stream("POST", PATH, json=STREAMED) as answer:
            await asyncio.sleep(600)
            pending = sim.openai.last.outcome
            return pending, (await answer.aread()).count(b"x")

    outcome, read = run(http, sim, main)
    assert outcome == "pending"
    assert read >= 500
    assert sim.openai.last.outcome == "complete"


def test_an_sdk_takes_it():
    """An official SDK with an injected client reaches the fake."""
    openai = pytest.importorskip("openai")
    httpx2 = pytest.importorskip("httpx2")

    async def main():
        client = openai.AsyncOpenAI(http_client=httpx2.AsyncClient(transport=sim.transport()))
        stream = await client.chat.completions.create(**STREAMED)
        return "".join([c.choices[0].delta.content or "" async for c in stream])

    with simulate() as sim:
        sim.openai.replies("Hi!")
        assert sim.run(main) == "Hi!"
