"""Threads that work for a virtual loop: the clock stands still for them, and what they do to the
loop they do in the order in which they were started, whichever happens to be quicker.

A thread runs freely until it has something for the loop: a result, or something to wait for.
There it stops at a gate. When the loop has nothing else to do, and every thread has come to its
gate, one is let through, the one that was started first.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any

__all__ = ["Threads"]

Waiting = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]


class Threads:
    """The threads of one loop. A job is what one thread does for one caller."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        self._loop = loop
        self._wake = wake
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._running: set[int] = set()
        self._gates: dict[int, threading.Event] = {}
        self._abandoned: set[int] = set()
        self._jobs: dict[int, tuple[int, str]] = {}  # by the ident of its thread
        self._queues: dict[ThreadPoolExecutor, deque[Waiting]] = {}
        self._busy: dict[ThreadPoolExecutor, int] = {}

    # --- for the loop ---

    @property
    def hold_the_clock(self) -> bool:
        return bool(self._running or self._gates)

    def let_one_through(self) -> None:
        """Open the first gate, if every thread has come to its own."""
        with self._lock:
            if self._running or not self._gates:
                return
            number = min(self._gates)
            self._running.add(number)
            gate = self._gates.pop(number)
        gate.set()

    def working(self) -> list[tuple[int, str]]:
        """The threads that hold the clock, as (ident, name)."""
        jobs = tuple(self._jobs.items())
        held = [(ident, name) for ident, (number, name) in jobs if number in self._running]
        # At the end of the loop also threads are waited for that nobody waits for any more.
        return held or [(ident, name) for ident, (_, name) in jobs]

    def begin(self) -> int:
        """A job begins, whose thread is sure to start."""
        number = next(self._numbers)
        self._running.add(number)
        return number

    def end(self, number: int) -> None:
        """The result of a job has arrived, or nobody waits for it any more."""
        with self._lock:
            self._running.discard(number)
            if (gate := self._gates.pop(number, None)) is not None:
                gate.set()
            self._abandoned.add(number)

    def pause(self, number: int) -> None:
        """The thread of a job waits for something in virtual time."""
        with self._lock:
            self._running.discard(number)

    def resume(self, number: int) -> None:
        with self._lock:
            if number not in self._abandoned:
                self._running.add(number)

    # --- in the threads ---

    def job(self) -> int | None:
        """The job of the thread that asks; None when it has none."""
        here = self._jobs.get(threading.get_ident())
        return here[0] if here is not None else None

    def gate(self, number: int) -> None:
        """Wait until it is this job's turn."""
        with self._lock:
            if number in self._abandoned:
                return
            gate = self._gates[number] = threading.Event()
            self._running.discard(number)
        self._wake()
        gate.wait()

    def working_on(self, number: int, func: Callable[..., Any]) -> Callable[..., Any]:
        """`func` for the thread that does the job."""

        def run(*args: Any, **kwargs: Any) -> Any:
            ident = threading.get_ident()
            self._jobs[ident] = number, threading.current_thread().name
            try:
                return func(*args, **kwargs)
            finally:
                self.gate(number)
                del self._jobs[ident]

        return run

    # --- executors ---

    def submit(
        self, pool: ThreadPoolExecutor, func: Callable[..., Any], args: tuple[Any, ...]
    ) -> "asyncio.Future[Any]":
        """What `run_in_executor` returns. Jobs beyond the size of the pool wait here and not in
        its queue, so that each one that has begun is sure to have a thread."""
        result: asyncio.Future[Any] = self._loop.create_future()
        self._queues.setdefault(pool, deque()).append((result, func, args))
        self._fill(pool)
        return result

    def _fill(self, pool: ThreadPoolExecutor) -> None:
        queue = self._queues[pool]
        while queue and self._busy.get(pool, 0) < pool._max_workers:
            result, func, args = queue.popleft()
            if result.done():
                continue
            number = self.begin()
            try:
                done = pool.submit(self.working_on(number, func), *args)
            except BaseException:
                self.end(number)
                raise
            self._busy[pool] = self._busy.get(pool, 0) + 1
            result.add_done_callback(partial(self._heard, number))
            arrived = asyncio.wrap_future(done, loop=self._loop)
            arrived.add_done_callback(partial(self._arrived, pool, result))

    def _heard(self, number: int, result: object) -> None:
        self.end(number)

    def _arrived(
        self, pool: ThreadPoolExecutor, result: Any, arrived: "asyncio.Future[Any]"
    ) -> None:
        self._busy[pool] -= 1
        if arrived.cancelled():
            result.cancel()
        elif (problem := arrived.exception()) is not None:
            if not result.done():
                result.set_exception(problem)
        elif not result.done():
            result.set_result(arrived.result())
        self._fill(pool)
