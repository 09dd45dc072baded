"""Time as the fakes see it. Everything that waits or stamps is handed a Clock.

Nothing here knows what the time is used for.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["Clock", "SystemClock", "Timer", "sleep_until"]


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Have it not come; nothing happens if it has."""
        ...


class Clock(Protocol):
    """A source of time. `now` is monotonic seconds, `wall` seconds since the Unix epoch."""

    def now(self) -> float: ...

    def wall(self) -> float: ...

    def call_at(self, deadline_s: float, callback: Callable[[], object]) -> Timer:
        """Have the running loop call when `now()` has reached `deadline_s`: soon, if it has."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def call_at(self, deadline_s: float, callback: Callable[[], object]) -> Timer:
        # By the delay: uvloop's own clock stands still while the loop is busy.
        delay_s = max(0.0, deadline_s - time.monotonic())
        return asyncio.get_running_loop().call_later(delay_s, callback)


async def sleep_until(clock: Clock, deadline_s: float) -> None:
    """Return when the clock has reached `deadline_s`, at once if it already has."""
    if deadline_s <= clock.now():
        return
    reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def reach() -> None:
        if not reached.done():
            reached.set_result(None)

    timer = clock.call_at(deadline_s, reach)
    try:
        await reached
    finally:
        timer.cancel()
