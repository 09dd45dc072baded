"""The clock of a test's fakes: `llmsim_clock.advance("1m")` and a minute has passed for them.

In a simulated world it is the world's; in real time the fakes' own clock goes on by leaps, so
that windows of faults, rate limits and caches pass without waiting. What must not be here: the
program's time, which leaps in a simulated world only.
"""

import asyncio
import threading
import time
from collections.abc import Callable
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
        self._alarms: set[_Alarm] = set()

    @property
    def elapsed_s(self) -> float:
        return self.now() - self._began_s

    def advance(self, duration: float | str) -> None:
        from fakeservers.behaviour.schedule import seconds

        with self._lock:
            self._leapt_s += seconds(duration)
            for alarm in self._alarms:
                alarm.loop.call_soon_threadsafe(alarm.look)

    def now(self) -> float:
        return time.monotonic() + self._leapt_s

    def wall(self) -> float:
        return time.time() + self._leapt_s

    def call_at(self, deadline_s: float, callback: Callable[[], object]) -> "_Alarm":
        alarm = _Alarm(self, deadline_s, callback)
        with self._lock:
            self._alarms.add(alarm)
        # What leapt between the two lines above is seen by the first look.
        alarm.loop.call_soon(alarm.look)
        return alarm

    def forget(self, alarm: "_Alarm") -> None:
        """Wake it by leaps no more."""
        with self._lock:
            self._alarms.discard(alarm)


class _Alarm:
    """A call that comes when the clock has gone, or leapt, so far."""

    def __init__(
        self, clock: LeapingClock, deadline_s: float, callback: Callable[[], object]
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self._clock = clock
        self._deadline_s = deadline_s
        self._callback = callback
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    def look(self) -> None:
        """Call if it is time, else look again when it may be."""
        if self._over:
            return
        left_s = self._deadline_s - self._clock.now()
        if self._timer is not None:
            self._timer.cancel()
        if left_s > 0:
            self._timer = self.loop.call_later(left_s, self.look)
            return
        self.cancel()
        self._callback()

    def cancel(self) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        self._clock.forget(self)


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
