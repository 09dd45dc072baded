"""How code that blocks lives in virtual time: while a thread waits, the event loop runs.

in the thread of the world    the loop runs until what is waited for has happened
in a thread of the loop       the loop is told to go on, and holds the clock again at the end
  (to_thread, an executor)
inside of a coroutine         a sleep blocks the loop, as it does in real time; waiting for
                              an answer is refused, as nobody could answer
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from .errors import SimulationError
from .loop import VirtualLoop

__all__ = ["Blocking"]

T = TypeVar("T")


class Blocking:
    """The way from blocking code into the loop of a world."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._home = threading.get_ident()

    def concerns_me(self) -> bool:
        """Whether the thread that asks lives in the world."""
        return threading.get_ident() == self._home or self._loop.threads.job() is not None

    def sleep(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if self._inside():
            self._loop.block_until(self._loop.time() + seconds)
        else:
            self.wait(asyncio.sleep(seconds))

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of the loop from blocking code, and return its result."""
        if self._inside():
            work.close()
            raise SimulationError(
                "A synchronous client waits inside of a coroutine: it blocks the event loop, in "
                "which the fakes live too, so nobody can answer. Use the asynchronous client, or "
                "write `await asyncio.to_thread(...)`."
            )
        threads = self._loop.threads
        if (job := threads.job()) is None:
            return self._loop.run_until_complete(work)

        async def meanwhile() -> T:
            threads.pause(job)
            try:
                return await work
            finally:
                threads.resume(job)

        threads.gate(job)
        return asyncio.run_coroutine_threadsafe(meanwhile(), self._loop).result()

    def _inside(self) -> bool:
        return asyncio._get_running_loop() is not None
