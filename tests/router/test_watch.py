"""The watch over waits, and what is measured of targets."""

import asyncio

import pytest

from router.load import Headroom, Load
from router.types import RateLimit, Target
from router.watch import Watch

from .world import VirtualClock, run


def watch_of(*answers: bool) -> Watch:
    told = list(answers)
    return Watch(VirtualClock(), lambda: told.pop(0) if told else True)


def test_hard_limit() -> None:
    """A wait ends at its hard limit, exactly then."""

    async def main() -> float:
        with pytest.raises(TimeoutError):
            await watch_of().wait(asyncio.sleep(99), hard_s=2.5, soft_s=None)
        return asyncio.get_running_loop().time()

    assert run(main()) == 2.5


def test_soft_limit_asks_again() -> None:
    """The soft limit fires only when asking says so; it asks each second."""

    async def main() -> float:
        watch = watch_of(False, False, True)
        with pytest.raises(TimeoutError):
            await watch.wait(asyncio.sleep(99), hard_s=50.0, soft_s=2.0)
        assert watch.gave_up
        return asyncio.get_running_loop().time()

    assert run(main()) == 4.0


def test_many_waits_one_timer() -> None:
    """Waits in a row each have their own limit, nearer or farther than the one before."""

    async def main() -> float:
        watch = watch_of()
        for limit_s in (5.0, 1.5, 9.0, 2.5):
            await watch.wait(asyncio.sleep(0.5), hard_s=limit_s, soft_s=None)
        with pytest.raises(TimeoutError):
            await watch.wait(asyncio.sleep(99), hard_s=7.0, soft_s=None)
        watch.stop()
        return asyncio.get_running_loop().time()

    assert run(main()) == 7.0


def test_a_cancel_is_no_timeout() -> None:
    """Who is cancelled from outside sees CancelledError, and time goes on unwatched."""

    async def main() -> bool:
        waiting = watch_of().wait(asyncio.sleep(99), hard_s=50.0, soft_s=None)
        task = asyncio.ensure_future(waiting)
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.wait({task})
        return task.cancelled()

    assert run(main())


def test_a_swallowed_cancel_is_a_timeout() -> None:
    """A client that swallows the watch's cancel does not get away with its late answer."""

    async def stubborn() -> str:
        try:
            await asyncio.sleep(99)
        except asyncio.CancelledError:
            return "late"
        return "never"

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await watch_of().wait(stubborn(), hard_s=1.0, soft_s=None)
        task = asyncio.current_task()
        assert task is not None and task.cancelling() == 0

    run(main())


def test_peak_ewma() -> None:
    """A peak counts at once, and fades; each call in flight adds to the cost."""
    load = Load(decay_s=10.0)
    load.observe(0.1, 0.0)
    load.observe(4.0, 1.0)
    assert load.cost(1.0) == 4.0
    load.observe(0.1, 61.0)
    load.in_flight = 3
    assert load.cost(1.0) == pytest.approx(4 * 0.1, rel=0.1)


def test_quantile_needs_samples() -> None:
    """Too few samples tell no quantile; of a hundred the 95th is the 95th."""
    load = Load()
    for number in range(1, 101):
        load.observe(float(number), float(number))
    assert (load.quantile_s(0.95, 20), load.quantile_s(0.95, 101)) == (95.0, None)


def test_headroom() -> None:
    """A minute's requests and tokens: taken, refilled, corrected, lowered to what is told."""
    room = Headroom(Target(provider="a", model="m", rpm_max=60, tpm_max=600))
    room.take(500, 0.0)
    assert room.free_at(200, 0.0) == pytest.approx(10.0)
    room.correct(500, 100, 0.0)
    assert room.free_at(200, 0.0) == 0.0
    room.told((RateLimit(scope="requests", limit=60, remaining=0),), 0.0)
    assert room.free_at(0, 0.0) == pytest.approx(1.0)
    assert room.share(0.0) == 0.0
