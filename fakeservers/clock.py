"""Time as the fakes see it. Everything that waits or stamps is handed a Clock.

Nothing here knows what the time is used for.
"""

import asyncio
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """A source of time. `now` is monotonic seconds, `wall` seconds since the Unix epoch."""

    def now(self) -> float: ...

    def wall(self) -> float: ...

    async def sleep_until(self, deadline_s: float) -> None:
        """Return when `now()` has reached `deadline_s`, at once if it already has."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    async def sleep_until(self, deadline_s: float) -> None:
        delay_s = deadline_s - time.monotonic()
        if delay_s > 0:
            await asyncio.sleep(delay_s)
