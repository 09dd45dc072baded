"""A timeout with two limits: a hard one, and a soft one that asks before it fires.

The soft one serves failover: a slow answer is given up only while something else can answer.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType

from .clock import Clock

__all__ = ["SoftTimeout"]

# How often one that was told to go on asks again whether it still must.
_ASK_AGAIN_S = 1.0


class SoftTimeout:
    """An async context manager; both moments are of the router's clock. Raises TimeoutError at
    `hard_s`, and at `soft_s` if `ask()` is true then or at one of the later askings, a second
    apart. `gave_up` tells which of the two it was."""

    __slots__ = ("_ask", "_clock", "_handle", "_hard_s", "_soft_s", "_timeout", "gave_up")

    def __init__(
        self, clock: Clock, *, hard_s: float, soft_s: float | None, ask: Callable[[], bool]
    ) -> None:
        self._clock = clock
        self._hard_s = hard_s
        self._soft_s = soft_s if soft_s is not None and soft_s < hard_s else None
        self._ask = ask
        self._handle: asyncio.TimerHandle | None = None
        self._timeout = asyncio.timeout(None)
        self.gave_up = False

    async def __aenter__(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = self._clock.now()
        self._timeout = asyncio.timeout(max(0.0, self._hard_s - now_s))
        await self._timeout.__aenter__()
        if self._soft_s is not None:
            self._handle = loop.call_later(max(0.0, self._soft_s - now_s), self._due)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            self._handle.cancel()
        await self._timeout.__aexit__(kind, error, trace)

    def _due(self) -> None:
        loop = asyncio.get_running_loop()
        if self._ask():
            self.gave_up = True
            self._timeout.reschedule(loop.time())
        else:
            self._handle = loop.call_later(_ASK_AGAIN_S, self._due)
