"""The loop whose clock jumps: exact times, order, threads, deadlock and livelock."""

import asyncio
import threading
import time
from random import Random

import pytest

from fakeservers.virtual.errors import (
    DeadlockError,
    LivelockError,
    RealNetworkError,
    ThreadStuckError,
)
from fakeservers.virtual.loop import VirtualLoop


def run(main, **options):
    """The result of a coroutine function in virtual time, and the time at its end."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(**options)) as runner:
        return runner.run(main()), runner.get_loop().time()


@pytest.mark.parametrize(
    ("times", "seconds", "end"),
    [(3, 0.1, 0.3), (1000, 0.001, 1.0), (7, 1e-6, 7e-6), (2, 3600.0, 7200.0), (3, 1e7, 3e7)],
)
def test_sleeps_add_up_exactly(times, seconds, end):
    """Floating point does not drift: three sleeps of 0.1 s end at 0.3 s."""

    async def main():
        for _ in range(times):
            await asyncio.sleep(seconds)

    assert run(main)[1] == end


def test_ten_years_pass_at_once():
    """A sleep of that length ends, and small steps stay exact afterwards."""

    async def main():
        await asyncio.sleep(315_360_000)
        await asyncio.sleep(0.1)

    assert run(main)[1] == 315_360_000.1


async def order_of_ten():
    order = []
    for number in range(10):
        asyncio.get_running_loop().call_at(5.0, order.append, number)
    await asyncio.sleep(5)
    return order


def test_what_was_set_first_fires_first():
    """Timers that are due at one instant fire in the order in which they were set."""
    assert run(order_of_ten)[0] == list(range(10))


def test_ties_can_be_shuffled_by_a_seed():
    """On request that order is random, and the same for the same seed."""
    first, again, other = (run(order_of_ten, ties=Random(seed))[0] for seed in (1, 1, 2))
    assert first == again
    assert sorted(first) == list(range(10))
    assert len({tuple(first), tuple(other), tuple(range(10))}) == 3


def test_cancelled_timers_are_forgotten():
    """A million cancelled timeouts neither fire nor pile up."""

    async def main():
        loop = asyncio.get_running_loop()
        for _ in range(20_000):
            loop.call_later(60, pytest.fail).cancel()
        await asyncio.sleep(1)
        return len(loop._timers)

    left, now_s = run(main)
    assert left < 1000
    assert now_s == 1.0


def test_a_timeout_is_exact():
    """asyncio.timeout ends at its second, whatever else waits longer."""

    async def main():
        try:
            async with asyncio.timeout(7):
                await asyncio.sleep(30)
        except TimeoutError:
            return "timeout"

    assert run(main) == ("timeout", 7.0)


def test_the_clock_stands_still_for_threads():
    """While a thread owes a result no timer fires, however long it takes."""

    async def main():
        sleeper = asyncio.create_task(asyncio.sleep(10))
        result = await asyncio.to_thread(lambda: time.sleep(0.05) or "done")
        return result, asyncio.get_running_loop().time(), sleeper.done()

    assert run(main)[0] == ("done", 0.0, False)


def test_a_stuck_thread_is_named():
    """A thread that does not return within the limit is named with its line."""

    stuck = threading.Lock()

    def compute():
        stuck.acquire()

    async def main():
        await asyncio.to_thread(compute)

    stuck.acquire()
    with pytest.raises(ThreadStuckError, match=r"asyncio_0: .*test_loop.py:\d+ .*compute"):
        run(main, thread_s_max=0.05)
    stuck.release()


def test_a_deadlock_names_tasks_and_lines():
    """When nothing can ever happen, every waiting task is named with the line it waits at."""

    async def waits_for_ever():
        await asyncio.Event().wait()

    async def main():
        await asyncio.gather(asyncio.create_task(waits_for_ever(), name="starved"))

    with pytest.raises(DeadlockError) as caught:
        run(main)
    (line,) = (line for line in str(caught.value).splitlines() if "starved" in line)
    assert "test_loop.py:" in line
    assert "waits_for_ever" in line


def test_a_livelock_is_found():
    """A task that polls without sleeping is named instead of spinning for ever."""

    async def main():
        while True:
            await asyncio.sleep(0)

    with pytest.raises(LivelockError, match=r"200 rounds(.|\n)*test_loop.py"):
        run(main, steps_per_instant_max=200)


def test_work_at_later_instants_is_no_livelock():
    """The limit counts the rounds of one instant, not of a whole run."""

    async def main():
        for _ in range(500):
            await asyncio.sleep(0.001)

    assert run(main, steps_per_instant_max=200)[1] == 0.5


def test_real_sockets_are_refused():
    """A loop without a network refuses every socket and says what to do."""

    async def main():
        await asyncio.open_connection("127.0.0.1", 80)

    with pytest.raises(RealNetworkError, match="FakeServers"):
        run(main)


def test_threads_act_in_the_order_in_which_they_were_started():
    """The slower of two threads that was started first is also heard first, and jobs beyond the
    size of the pool follow in their order."""

    async def work(number):
        await asyncio.to_thread(time.sleep, 0.02 - number * 0.002)
        order.append(number)

    async def main():
        await asyncio.gather(*(work(number) for number in range(10)))

    order = []
    run(main)
    assert order == list(range(10))


def test_a_thread_that_nobody_waits_for_does_not_hold_the_clock():
    """After its task was cancelled time goes on."""

    async def main():
        task = asyncio.create_task(asyncio.to_thread(release.wait, 5))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(60)
        release.set()
        return task.cancelled()

    release = threading.Event()
    assert run(main) == (True, 60.0)
