"""The simulated world: unmodified programs against the fakes, in virtual time."""

import asyncio
import datetime
import random
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import anyio
import httpx2
import pytest

from fakeservers import (
    DeadlockError,
    RealNetworkError,
    SimulationError,
    Unverified,
    overloaded,
    rate_limited,
    simulate,
)
from fakeservers.virtual import pinned, world

MINUTE_S = 60.0
PROMPT = [{"role": "user", "content": "Hello"}]


async def ask_claude():
    anthropic = pytest.importorskip("anthropic")
    async with anthropic.AsyncAnthropic() as client:
        answer = await client.messages.create(
            model="claude-sonnet-5", max_tokens=500, messages=PROMPT
        )
    return answer.content[0].text


async def ask_openai():
    openai = pytest.importorskip("openai")
    async with openai.AsyncOpenAI() as client:
        answer = await client.chat.completions.create(model="gpt-5", messages=PROMPT)
    return answer.choices[0].message.content


async def ask_gemini():
    genai = pytest.importorskip("google.genai")
    client = genai.Client()
    answer = await client.aio.models.generate_content(model="gemini-2.5-flash", contents="Hello")
    await client.aio.aclose()
    return answer.text


async def ask_ollama():
    ollama = pytest.importorskip("ollama")
    answer = await ollama.AsyncClient().chat(model="llama3.2", messages=PROMPT)
    return answer.message.content


ASKING = {
    "claude": ask_claude,
    "openai": ask_openai,
    "gemini": ask_gemini,
    "ollama": ask_ollama,
}


def claude(**options):
    return pytest.importorskip("anthropic").Anthropic(**options)


def hello(client):
    answer = client.messages.create(model="claude-sonnet-5", max_tokens=500, messages=PROMPT)
    return answer.content[0].text


@pytest.mark.parametrize("name", ASKING)
def test_an_unmodified_program_reaches_the_fake(name):
    """Each official SDK, built from the environment, works over its own network stack: one round
    trip to connect, one to ask."""
    with simulate(rtt_s=0.5) as sim:
        sim[name].replies("Hi!")
        assert sim.run(ASKING[name]) == "Hi!"
        assert sim.now == 1.0


@pytest.mark.parametrize("name", ["claude", "openai"])
def test_retry_after_is_waited_for_exactly(name):
    """Two refusals with Retry-After of 90 s take three minutes of virtual time."""
    with simulate() as sim:
        sim[name].fails(rate_limited(retry_after_s=90), times=2)
        sim.run(ASKING[name])
        assert [call.started_s for call in sim.journal] == [0.0, 90.0, 180.0]


def test_a_refused_connection_is_retried_by_the_sdk():
    """A fake that refuses connections costs the SDK its attempts, then heals."""
    anthropic = pytest.importorskip("anthropic")
    with simulate() as sim:
        with sim.claude.down(), pytest.raises(anthropic.APIConnectionError):
            sim.run(ask_claude)
        assert sim.now > 0.5
        assert sim.run(ask_claude)


def test_the_pool_of_a_client_is_its_own():
    """A client that may open one connection waits in vain for a second one."""

    async def main():
        limits, timeout = httpx2.Limits(max_connections=1), httpx2.Timeout(60, pool=5)
        async with (
            httpx2.AsyncClient(limits=limits, timeout=timeout) as client,
            client.stream("POST", sim.openai.url + "/chat/completions", json={}),
        ):
            with pytest.raises(httpx2.PoolTimeout):
                await client.get(sim.openai.url + "/models")

    with simulate() as sim:
        sim.run(main)
        assert sim.now == 5.0


def test_a_synchronous_sdk_runs_in_virtual_time():
    """Outside of coroutines the SDK blocks, retries and sleeps as ever, without taking time."""
    with simulate() as sim:
        sim.claude.fails(rate_limited(retry_after_s=3600), times=2)
        assert hello(claude())
        assert sim.now == 7200.0


def test_a_plain_function_is_a_program_too():
    """run() takes a function that blocks."""

    def main():
        time.sleep(MINUTE_S)
        return time.monotonic()

    with simulate() as sim:
        assert sim.run(main) == sim.now == MINUTE_S


def test_threads_sleep_in_virtual_time():
    """Synchronous clients in worker threads wait side by side, and the clock waits for them."""

    def work():
        time.sleep(MINUTE_S)
        return hello(client), time.monotonic()

    async def main():
        return await asyncio.gather(*(asyncio.to_thread(work) for _ in range(3)))

    with simulate() as sim:
        client = claude()
        assert {now_s for _, now_s in sim.run(main)} == {MINUTE_S}


def test_threads_of_anyio_hold_the_clock():
    """anyio's worker threads, which go past the loop's executor, keep it from jumping."""

    async def main():
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 1000)
            await anyio.to_thread.run_sync(threading.Event().wait, 0.05)
            now_s = sim.now
            group.cancel_scope.cancel()
        return now_s

    with simulate() as sim:
        assert sim.run(main) == 0.0


def test_a_synchronous_client_in_a_coroutine_is_refused():
    """It would block the loop in which the fakes live; the error says what to write instead."""

    async def main():
        httpx2.get(sim.openai.url)

    with simulate() as sim, pytest.raises(SimulationError, match=r"asyncio\.to_thread"):
        sim.run(main)


def test_a_thread_of_its_own_is_refused():
    """A thread that the world's loop did not start would run in real time; the error says how to
    start it, and is told at the end too, since in a thread nobody may have seen it."""
    told = r"ThreadPool\S+ calls a fake.*run_in_executor"
    with (
        pytest.raises(Unverified, match=told),
        simulate() as sim,
        ThreadPoolExecutor() as pool,
    ):
        asked = pool.submit(httpx2.get, sim.openai.url)
        with pytest.raises(SimulationError, match=told):
            asked.result()


def test_aiohttp_reaches_the_fake():
    """aiohttp, over which some SDKs go when it is installed, connects in the world too."""
    aiohttp = pytest.importorskip("aiohttp")

    async def main():
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, sim.now

    with simulate(rtt_s=0.5) as sim:
        url = sim.ollama.url + "/api/version"
        assert sim.run(main) == (200, 1.0)


def test_a_blocking_sleep_in_a_coroutine_blocks_the_loop():
    """What is due in the meantime comes late, as in real time."""

    async def main():
        task = asyncio.create_task(asyncio.sleep(1))
        await asyncio.sleep(0)
        time.sleep(MINUTE_S)
        assert not task.done()
        await task
        return sim.now

    with simulate() as sim:
        assert sim.run(main) == MINUTE_S


def test_clocks_of_the_process_follow():
    """monotonic, perf_counter and, with time-machine, the wall clock tell virtual time."""
    with simulate(starts=datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)) as sim:
        sim.advance(86_400)
        assert time.monotonic() == time.perf_counter() == 86_400.0
        assert sim.wall == datetime.datetime(2030, 1, 2, tzinfo=datetime.UTC)
        if find_spec("time_machine"):
            assert time.time() == sim.wall.timestamp()
            assert datetime.datetime.now(datetime.UTC) == sim.wall


def test_without_time_machine_the_wall_clock_stays(monkeypatch):
    """And the timeline says so, with what to install."""
    for module in (pinned, world):
        monkeypatch.setattr(module, "WALL_CLOCK_FOLLOWS", False)
    real_s = time.time()
    with simulate() as sim:
        sim.advance(86_400)
        assert time.time() - real_s < MINUTE_S
        assert sim.timeline().endswith("pip install time-machine.")


def test_a_retry_date_is_waited_for():
    """Retry-After as a date agrees with the wall clock that the SDK reads."""
    pytest.importorskip("time_machine")
    with simulate() as sim:
        at = sim.wall + datetime.timedelta(seconds=45)
        date = at.strftime("%a, %d %b %Y %H:%M:%S GMT")
        sim.claude.fails(429, headers={"retry-after": date}, times=1)
        sim.run(ask_claude)
        assert sim.now == 45.0


def test_the_process_is_put_back():
    """After the world clocks, chance and sockets are the process's own."""

    def shared():
        return time.sleep, time.monotonic, socket.socket, socket.getaddrinfo, random.getstate()

    before = shared()
    with simulate():
        random.random()
    assert shared() == before
    assert abs(time.time() - datetime.datetime.now().timestamp()) < MINUTE_S


def test_chance_comes_again():
    """Jitter and identifiers are the same in every world of a seed, and differ between seeds."""

    def drawn(seed):
        with simulate(seed):
            return random.random(), uuid.uuid4()

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_deadlock_is_named():
    """A program that waits for what cannot come is told where."""

    async def main():
        await asyncio.Event().wait()

    with simulate() as sim, pytest.raises(DeadlockError, match=r"test_world.py:\d+ .*main"):
        sim.run(main)


def test_the_real_network_is_refused():
    """Neither a coroutine nor blocking code reaches a real host."""
    with simulate(), pytest.raises(RealNetworkError, match=r"api\.openai\.com"):
        socket.create_connection(("api.openai.com", 443))


def test_what_was_scripted_is_verified():
    """A world that ends checks its scripts as FakeServers does."""
    with pytest.raises(Unverified, match="none matched these rules"), simulate() as sim:
        sim.claude.fails(overloaded())


def test_tasks_go_on_with_the_next_run():
    """A background task lives until the world ends."""
    ticks = []

    async def tick():
        while True:
            ticks.append(sim.now)
            await asyncio.sleep(10)

    async def main():
        tasks.append(asyncio.create_task(tick()))

    tasks = []
    with simulate() as sim:
        sim.run(main)
        sim.advance(25)
    assert ticks == [0.0, 10.0, 20.0]
    assert tasks[0].cancelled()


def test_a_world_is_entered_once():
    """Its time does not begin again."""
    with simulate() as sim:
        pass
    with pytest.raises(SimulationError, match="entered once"):
        sim.start()
