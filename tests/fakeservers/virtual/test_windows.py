"""Faults in windows of virtual time, and the timeline that shows them."""

import asyncio
import os
import subprocess
import sys
import time

import pytest

from fakeservers import FakeServers, FaultWindow, ScriptError, rate_limited, simulate
from fakeservers.virtual.windows import KINDS, from_toml, to_toml

httpx2 = pytest.importorskip("httpx2")

BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello"}]}
HEADERS = {"authorization": "Bearer key"}
TIMEOUT_S = 3


async def call(client):
    """The status of one call, or the name of what went wrong."""
    try:
        answer = await client.post(sim_url(), json=BODY, headers=HEADERS)
    except httpx2.TransportError as problem:
        return type(problem).__name__
    return answer.status_code


def sim_url():
    return os.environ["OPENAI_BASE_URL"] + "/chat/completions"


def calls_at(sim, *times_s, in_memory=False):
    """What calls at these times come to."""

    async def main():
        transport = sim.transport() if in_memory else None
        async with httpx2.AsyncClient(transport=transport, timeout=TIMEOUT_S) as client:
            results = []
            for at_s in times_s:
                await asyncio.sleep(at_s - sim.now)
                results.append(await call(client))
            return results

    return sim.run(main)


@pytest.mark.parametrize("in_memory", [False, True], ids=["tcp", "in memory"])
@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("overloaded", 503),
        ("rate_limited", 429),
        ("server_error", 500),
        ("refused", "ConnectError"),
        ("reset", "ReadError"),
        ("silent", "ReadTimeout"),
        ("slow", "ReadTimeout"),
    ],
)
def test_a_fault_lasts_as_long_as_its_window(kind, seen, in_memory):
    """Before and after the window calls are answered; inside they fail in the fault's own way."""
    window = FaultWindow(provider="openai", kind=kind, start_s=10, for_s=20)
    with simulate() as sim:
        sim.faults(window)
        before, inside, at_the_end = calls_at(sim, 0, 20, 30, in_memory=in_memory)
    assert (before, at_the_end) == (200, 200)
    # A new connection meets the fault already while it is made.
    assert inside == seen or (seen == "ReadTimeout" and inside == "ConnectTimeout")


def test_what_was_held_back_arrives():
    """A silent network delays; whoever waits long enough is answered when it speaks again."""
    with simulate() as sim:
        sim.faults(FaultWindow(provider="openai", kind="silent", start_s=0.5, for_s=2))
        assert calls_at(sim, 0, 1) == [200, 200]
        assert sim.now == 2.5


def test_windows_overlap():
    """Where two windows overlap the later one is seen, and the other goes on after it."""
    first = FaultWindow(provider="openai", kind="server_error", start_s=0, for_s=30)
    second = FaultWindow(provider="openai", kind="overloaded", start_s=10, for_s=10)
    with simulate() as sim:
        sim.faults(first, second)
        assert calls_at(sim, 5, 15, 25, 35) == [500, 503, 500, 200]


def test_an_unused_window_is_no_problem():
    """Faults that met no call do not fail the test that announced them."""
    with simulate() as sim:
        sim.faults(FaultWindow(provider="openai", kind="overloaded", start_s=0, for_s=9))


def test_other_providers_are_told_by_name():
    """A window of a provider that there is not names those there are."""
    with simulate() as sim, pytest.raises(KeyError, match="claude, openai, gemini, ollama"):
        sim.faults(FaultWindow(provider="opanai", kind="overloaded", start_s=0, for_s=9))


@pytest.mark.parametrize("kind", KINDS)
def test_windows_come_back_from_toml(kind):
    """What is written is read."""
    window = FaultWindow(provider="claude", kind=kind, start_s=0.1, for_s=2.5, delay_s=4)
    assert from_toml(to_toml([window, window], seed=7)) == (7, (window, window))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[fault]]\nkind = "slow"\nstart = 1', "provider, kind, start_s, for_s"),
        ("seed = ", "no schedule"),
        ('[[fault]]\nprovider="a"\nkind="fire"\nstart_s=0\nfor_s=1', "overloaded, rate_limited"),
    ],
)
def test_a_wrong_file_is_explained(text, told):
    """The error names the allowed words."""
    with pytest.raises(ScriptError, match=told):
        from_toml(text)


def test_the_timeline_shows_calls_against_faults():
    """A row of faults, a row of calls, then both in a list."""
    with simulate() as sim:
        sim.faults(FaultWindow(provider="openai", kind="overloaded", start_s=10, for_s=10))
        calls_at(sim, 0, 15, 39)
        sim.advance(1)
        scale, faults, calls, _, *listed = sim.timeline().splitlines()
    assert scale.endswith(" 40 s")
    assert faults == "openai " + " " * 18 + "~" * 19
    assert calls.split() == [".", "x", "."]
    assert listed[1:3] == [
        "      10.000 s  openai overloaded from 10 s to 20 s",
        "      15.000 s  openai #2 POST /v1/chat/completions gpt-5 -> 503",
    ]


PROGRAM = """
import asyncio, openai
from fakeservers import FaultWindow, simulate

async def ask(client, number):
    await asyncio.sleep(number % 3)
    prompt = {"role": "user", "content": f"Question {number % 5}"}
    try:
        await client.chat.completions.create(model="gpt-5", messages=[prompt])
    except openai.APIError:
        pass

async def main():
    client = openai.AsyncOpenAI()
    await asyncio.gather(*(ask(client, number) for number in range(20)))

with simulate(seed=SEED, rtt_s=0.01) as sim:
    sim.faults(FaultWindow(provider="openai", kind="overloaded", start_s=1, for_s=3))
    sim.run(main)
    print(sim.record().decode())
"""


def recorded(seed, hash_seed):
    """The journal of the program in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("SEED", str(seed))],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def test_a_seed_gives_the_same_journal_everywhere():
    """Twenty concurrent calls with retries: byte by byte the same in two processes with other
    hash seeds, and another one for another seed."""
    pytest.importorskip("openai")
    first, again, other = recorded(7, 1), recorded(7, 2), recorded(8, 1)
    assert first == again != other
    assert first.count('"status":503') > 5


def test_virtual_and_real_time_agree():
    """The same program on the same scenario calls at the same times, to within what real time
    takes by itself."""
    openai = pytest.importorskip("openai")
    retries = {"max_retries": 4}

    async def main():
        async with openai.AsyncOpenAI(**retries) as client:
            await client.chat.completions.create(**BODY)
            await asyncio.sleep(0.1)
            await client.chat.completions.create(**BODY)

    def times_s(journal):
        return [call.started_s - journal[0].started_s for call in journal]

    def script(fakes):
        fakes.openai.fails(rate_limited(retry_after_s=0.1), times=2)

    with simulate() as sim:
        script(sim)
        sim.run(main)
        virtual = times_s(sim.journal)
    with FakeServers() as fakes:
        script(fakes)
        began_s = time.perf_counter()
        asyncio.run(main())
        real = times_s(fakes.journal)
        took_s = time.perf_counter() - began_s
    assert virtual == [0.0, 0.1, 0.2, 0.3]
    assert len(real) == len(virtual)
    assert all(0 <= r - v < took_s - 0.3 + 0.05 for r, v in zip(real, virtual, strict=True))
