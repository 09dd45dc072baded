"""Timeouts that ask before they fire, and one that is cheap enough for every event of a stream.

A soft limit serves failover: a slow answer is given up only while something else can answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from .clock import Clock

__all__ = ["Watch"]

# How often one that was told to go on asks again whether it still must.
_ASK_AGAIN_S = 1.0
_T = TypeVar("_T")


class Watch:
    """Waits for things one after the other, each within its limits.

    All waits share one timer, which is only moved when it rings: watching a thousand events
    costs hardly more than watching one. `gave_up` tells whether the last TimeoutError came from
    the soft limit. Moments are of the router's clock; not more than one wait at a time.
    """

    __slots__ = ("_ask", "_clock", "_handle", "_hard_s", "_soft_s", "_task", "gave_up", "rang")

    def __init__(self, clock: Clock, ask: Callable[[], bool]) -> None:
        self._clock = clock
        self._ask = ask
        self._handle: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None
        self._hard_s: float | None = None
        self._soft_s: float | None = None
        self.rang = False
        self.gave_up = False

    async def wait(
        self, awaitable: Awaitable[_T], *, hard_s: float | None, soft_s: float | None
    ) -> _T:
        """Raises TimeoutError at `hard_s`, and at `soft_s` if `ask()` says so then or at one of
        the later askings, a second apart."""
        self._hard_s, self._soft_s = hard_s, soft_s
        self._set_timer()
        task = self._task = asyncio.current_task()
        assert task is not None
        cancelling = task.cancelling()
        try:
            result = await awaitable
        except asyncio.CancelledError:
            # As asyncio.timeout: only a cancel of our own, and no other beside it, is a timeout.
            if self.rang and task.uncancel() <= cancelling:
                raise TimeoutError from None
            raise
        finally:
            self._task = None
        if self.rang:  # the client swallowed our cancel
            task.uncancel()
            raise TimeoutError
        return result

    def stop(self) -> None:
        """Nothing more is waited for."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _set_timer(self) -> None:
        """Have the timer ring at the next limit or earlier."""
        limits = [moment for moment in (self._hard_s, self._soft_s) if moment is not None]
        if not limits:
            return
        loop = asyncio.get_running_loop()
        when = loop.time() + max(0.0, min(limits) - self._clock.now())
        if self._handle is not None:
            if self._handle.when() <= when:
                return
            self._handle.cancel()
        self._handle = loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._handle = None
        if self._task is None:
            return  # nobody waits just now; the next wait sets the timer again
        now_s = self._clock.now()
        if self._hard_s is not None and now_s >= self._hard_s:
            self._cancel()
        elif self._soft_s is not None and now_s >= self._soft_s:
            if self._ask():
                self.gave_up = True
                self._cancel()
            else:
                self._soft_s = now_s + _ASK_AGAIN_S
                self._set_timer()
        else:
            self._set_timer()

    def _cancel(self) -> None:
        assert self._task is not None
        self.rang = True
        self._task.cancel()
