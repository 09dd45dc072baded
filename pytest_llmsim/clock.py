"""The clock of a test's fakes: `llmsim_clock.advance("1m")` and a minute has passed for them.

In a simulated world it is the world's; in real time the fakes' own clock goes on by leaps, so
that windows of faults, rate limits and caches pass without waiting. What must not be here: the
program's time, which leaps in a simulated world only.
"""

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fakeservers import Simulation

__all__ = ["FakesClock", "LeapingClock", "WorldClock"]


class FakesClock(Protocol):
    """What the fixture `llmsim_clock` gives."""

    @property
    def elapsed_s(self) -> float:
        """Seconds since the fakes of the test began."""
        ...

    def advance(self, duration: float | str) -> None:
        """Let so much time pass: seconds, or a text such as "1m30s"."""
        ...


class LeapingClock:
    """The machine's clocks, and what was leapt over; a `fakeservers` Clock."""

    def __init__(self) -> None:
        self._leapt_s = 0.0
        self._began_s = time.monotonic()
        self._lock = threading.Lock()
        self._asleep: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    @property
    def elapsed_s(self) -> float:
        return self.now() - self._began_s

    def advance(self, duration: float | str) -> None:
        from fakeservers.behaviour.schedule import seconds

        with self._lock:
            self._leapt_s += seconds(duration)
            for woken, loop in self._asleep.items():
                loop.call_soon_threadsafe(woken.set)

    def now(self) -> float:
        return time.monotonic() + self._leapt_s

    def wall(self) -> float:
        return time.time() + self._leapt_s

    async def sleep_until(self, deadline_s: float) -> None:
        while (left_s := deadline_s - self.now()) > 0:
            woken = asyncio.Event()
            with self._lock:
                self._asleep[woken] = asyncio.get_running_loop()
            try:
                # What leapt between the two lines above is seen here.
                if self.now() < deadline_s:
                    await asyncio.wait_for(woken.wait(), left_s)
            except TimeoutError:
                pass
            finally:
                with self._lock:
                    del self._asleep[woken]


class WorldClock:
    """The clock of a simulated world, in which the program lives too."""

    def __init__(self, world: "Simulation") -> None:
        self._world = world

    @property
    def elapsed_s(self) -> float:
        return self._world.now

    def advance(self, duration: float | str) -> None:
        from fakeservers.behaviour.schedule import seconds

        self._world.advance(seconds(duration))
