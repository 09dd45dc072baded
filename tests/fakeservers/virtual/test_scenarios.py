"""Scenarios in virtual time: rules with windows, and the timeline that shows them."""

import asyncio
import os
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from fakeservers import (
    FakeServers,
    cut,
    overloaded,
    parse_scenario,
    rate_limited,
    refused,
    reset,
    simulate,
    slow_first_byte,
    stall,
    text,
)

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
    ("fails", "seen"),
    [
        ("'overloaded'", 503),
        ("{ rate_limited = { retry_after_s = 2 } }", 429),
        ("'refused'", "ConnectError"),
        ("'reset'", "ReadError"),
        ("{ stall = { after_chunks = 0 } }", "ReadTimeout"),
        ("{ slow_first_byte = 4 }", "ReadTimeout"),
    ],
)
def test_a_fault_lasts_as_long_as_its_window(fails, seen, in_memory):
    """Before and after the window calls are answered; inside they fail in the fault's own way."""
    scenario = parse_scenario(f"[[openai.rules]]\nfails = {fails}\nbetween = [10, '30s']\n")
    with simulate(scenario=scenario) as sim:
        before, inside, at_the_end = calls_at(sim, 0, 20, 30, in_memory=in_memory)
    assert (before, inside, at_the_end) == (200, seen, 200)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (refused(), ConnectionRefusedError),
        (reset(), ConnectionResetError),
        (cut(after_chunks=1), ConnectionResetError),
        (stall(after_chunks=0), TimeoutError),
    ],
    ids=["refused", "reset", "cut", "stall"],
)
def test_calls_without_a_client_meet_the_same_faults(fault, seen):
    """`sim.post` raises what a socket would."""
    with simulate() as sim:
        sim.openai.fails(fault, between=(0, 10))
        with pytest.raises(seen):
            sim.run(sim.post("openai", "/chat/completions", BODY, timeout_s=3))
        sim.advance(10)
        assert sim.run(sim.post("openai", "/chat/completions", BODY)).status == 200


def test_windows_overlap():
    """Where two windows overlap the first rule is seen, and the other one before and after it."""
    with simulate() as sim:
        sim.openai.fails(503, between=(10, 20))
        sim.openai.fails(500, between=(0, 30))
        assert calls_at(sim, 5, 15, 25, 35) == [500, 503, 500, 200]


def test_an_unused_window_is_no_problem():
    """Faults that met no call do not fail the test that scripted them."""
    with simulate() as sim:
        sim.openai.fails(503, between=(0, 9))


def test_the_timeline_shows_calls_against_rules():
    """A row of faults, a row of calls, then both in a list; a rule that recurs has several."""
    with simulate() as sim:
        sim.openai.fails(overloaded(), between=(10, 20))
        sim.openai.on(model="gpt-4o").fails(cut(after_chunks=2), every=(20, 5))
        calls_at(sim, 9, 15, 39)
        sim.advance(1)
        scale, faults, calls, _, *listed = sim.timeline().splitlines()
    assert scale.endswith(" 40 s")
    assert faults == "openai " + "~" * 10 + " " * 8 + "~" * 28
    assert calls.split() == [".", "x", "."]
    assert listed[:4] == [
        "       0.000 s  openai on(model='gpt-4o') fails cut(after_chunks=2) from 0 s to 5 s",
        "       9.000 s  openai #1 POST /v1/chat/completions gpt-5 -> 200",
        "      10.000 s  openai fails overloaded from 10 s to 20 s",
        "      15.000 s  openai #2 POST /v1/chat/completions gpt-5 -> 503",
    ]


def test_the_timeline_shows_refused_connections():
    """No fake has seen them, and yet they are calls that failed."""
    with simulate() as sim:
        sim.openai.fails(refused(), between=(10, 20))
        assert calls_at(sim, 15, 15, 20) == ["ConnectError", "ConnectError", 200]
        calls_at(sim, 25)
        _, _, calls, _, *listed = sim.timeline().splitlines()
    assert calls.split() == ["!", ".", "."]
    assert listed[1] == "      15.000 s  openai refuses a connection"


def test_a_long_timeline_tells_hours():
    """From an hour on seconds alone say little."""
    with simulate() as sim:
        sim.openai.fails(503, between=("8h", "9h30m"))
        calls_at(sim, 1799.9999)
        sim.advance(23.5 * 3600)
        scale, *_, call, window = sim.timeline().splitlines()
    assert scale.split() == ["0:00:00", "24:00:00"]
    assert call.startswith("   0:30:00.000  openai #1 ")
    assert window == "   8:00:00.000  openai fails 503 from 8:00:00 to 9:30:00"


@pytest.mark.parametrize(
    ("fault", "streamed", "told"),
    [
        (reset(), True, "reset"),
        (cut(after_chunks=2), True, "200, cut after 2 of 3 chunks"),
        (cut(after_chunks=2, ends="stream"), True, "200, ended after 2 of 3 chunks"),
        (cut(after_chunks=1), False, "200, cut"),
        (slow_first_byte(1), True, "200"),
    ],
    ids=["reset", "cut", "ended", "whole", "slow"],
)
def test_the_timeline_tells_what_the_client_met(fault, streamed, told):
    """Not a status that nobody was told."""
    with simulate() as sim:
        sim.openai.replies(text("One two three", chunks=("One", " two", " three")))
        sim.openai.fails(fault)
        with suppress(ConnectionError):
            sim.run(sim.post("openai", "/chat/completions", {**BODY, "stream": streamed}))
        assert sim.timeline().splitlines()[-1].partition(" -> ")[2].partition(" in ")[0] == told


PROGRAM = """
import asyncio, openai
from fakeservers import overloaded, simulate

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
    sim.openai.fails(overloaded(), between=(1, 4))
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
