"""What a process shares, and a simulated world replaces for as long as it lasts.

Time: `time.sleep`, `time.monotonic` and `time.perf_counter` with their `_ns` forms follow the
world's clock, and, where `time-machine` is installed, so do `time.time`, `datetime` and whatever
else reads the wall clock. `asyncio.run` takes the
world's loop. Chance: `random` and `os.urandom`, from which `uuid4` is drawn, are
seeded, so that jitter and idempotency keys come again. Names that a module has imported by
`from time import monotonic` stay real. Other threads than the world's own see no change.
"""

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from importlib.util import find_spec
from random import Random
from types import ModuleType
from typing import Any

from ..rng import derive
from .blocking import Blocking
from .errors import SimulationError
from .loop import VirtualLoop

__all__ = ["WALL_CLOCK_FOLLOWS", "WALL_CLOCK_STAYS", "pinned"]

WALL_CLOCK_FOLLOWS = find_spec("time_machine") is not None
"""Whether `time.time` and `datetime` follow the clock of a simulated world."""

WALL_CLOCK_STAYS = (
    "time.time() and datetime do not follow this clock, so a Retry-After that is a date is waited "
    "for wrongly: pip install time-machine."
)

NS = 1_000_000_000


@contextmanager
def pinned(loop: VirtualLoop, blocking: Blocking, *, seed: int, epoch_s: float) -> Iterator[None]:
    """Replace what a process shares; put everything back at the end."""
    with ExitStack() as stack:
        shared = (*_clocks(loop, blocking), *_chance(blocking, seed), *_loops(loop, blocking))
        for module, name, value in shared:
            stack.enter_context(replaced(module, name, value))
        stack.callback(random.setstate, random.getstate())
        random.seed(derive(seed, "random").getrandbits(64))
        stack.enter_context(_anyio_threads())
        if WALL_CLOCK_FOLLOWS:
            stack.enter_context(_wall_clock(loop, epoch_s))
        yield


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Give one attribute another value for a while."""
    before = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


Replacement = tuple[ModuleType, str, Callable[..., Any]]


def _clocks(loop: VirtualLoop, blocking: Blocking) -> Iterator[Replacement]:
    def following(real: Callable[[], Any], virtual: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: virtual() if blocking.concerns_me() else real()

    for name in ("monotonic", "perf_counter"):
        yield time, name, following(getattr(time, name), loop.time)
        in_ns = f"{name}_ns"
        yield time, in_ns, following(getattr(time, in_ns), lambda: round(loop.time() * NS))
    real_sleep = time.sleep

    def sleep(seconds: float, /) -> None:
        if blocking.concerns_me():
            blocking.sleep(seconds)
        else:
            real_sleep(seconds)

    yield time, "sleep", sleep


def _chance(blocking: Blocking, seed: int) -> Iterator[Replacement]:
    source: Random = derive(seed, "urandom")
    real = os.urandom

    def urandom(size: int, /) -> bytes:
        return source.randbytes(size) if blocking.concerns_me() else real(size)

    yield os, "urandom", urandom


def _loops(loop: VirtualLoop, blocking: Blocking) -> Iterator[Replacement]:
    """`asyncio.run`, and the runners of pytest plugins, take their loop from here."""
    real = asyncio.new_event_loop

    def new_event_loop() -> asyncio.AbstractEventLoop:
        if not blocking.concerns_me():
            return real()
        if loop.threads.job() is not None:
            raise SimulationError(
                "A thread of the simulated world wants an event loop of its own, which would run "
                "in real time. Await its coroutine in the main thread, or call a synchronous "
                "client in the thread."
            )
        return loop

    yield asyncio, "new_event_loop", new_event_loop
    yield asyncio.events, "new_event_loop", new_event_loop


@contextmanager
def _anyio_threads() -> Iterator[None]:
    """anyio starts threads of its own, past the loop's executor: they hold the clock too."""
    if find_spec("anyio") is None:
        yield
        return
    from anyio._backends._asyncio import AsyncIOBackend

    real = vars(AsyncIOBackend)["run_sync_in_worker_thread"].__func__

    async def in_thread(
        cls: Any, func: Any, args: Any, abandon_on_cancel: bool = False, limiter: Any = None
    ) -> Any:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualLoop):
            return await real(cls, func, args, abandon_on_cancel, limiter)
        # The limit is waited for here, so that a job that has begun is sure to have a thread.
        async with limiter or cls.current_default_thread_limiter():
            job = loop.threads.begin()
            try:
                work = loop.threads.working_on(job, func)
                return await real(cls, work, args, abandon_on_cancel, nullcontext())
            finally:
                loop.threads.end(job)

    with replaced(AsyncIOBackend, "run_sync_in_worker_thread", classmethod(in_thread)):
        yield


@contextmanager
def _wall_clock(loop: VirtualLoop, epoch_s: float) -> Iterator[None]:
    import time_machine

    with time_machine.travel(epoch_s + loop.time(), tick=False) as travelled:
        # Asked by whoever looks at a clock. To move it whenever time moves would cost more.
        traveller: Any = travelled
        traveller.time_ns = lambda: round((epoch_s + loop.time()) * NS)
        yield
