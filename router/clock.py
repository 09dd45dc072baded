"""Time as the router sees it. Whatever waits or stamps is handed a Clock.

The system clock reads the running event loop's time, so that a loop in virtual time moves the
router too. Nothing here knows what the time is used for.
"""

import asyncio
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """A source of time. `now` is monotonic seconds, `wall` seconds since the Unix epoch."""

    def now(self) -> float: ...

    def wall(self) -> float: ...

    async def sleep_until(self, moment_s: float) -> None:
        """Return when `now()` has reached `moment_s`, at once if it already has."""
        ...


class SystemClock:
    """The event loop's time where one runs, and the machine's otherwise: the same by default."""

    def now(self) -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return time.monotonic()

    def wall(self) -> float:
        return time.time()

    async def sleep_until(self, moment_s: float) -> None:
        delay_s = moment_s - self.now()
        if delay_s > 0:
            await asyncio.sleep(delay_s)
