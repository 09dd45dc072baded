"""An asyncio event loop whose clock jumps to the next timer instead of waiting for it.

Only time lives here: exact timers, threads that hold the clock, deadlock and livelock. What a
program may connect to is `network`'s; here every real socket is refused.

CPython's `_run_once` is replaced as a whole rather than steered through its selector: it is
the one place where the loop waits, and it is the same from 3.11 to 3.14. uvloop cannot be
used: its timers are in C.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import monotonic as real_monotonic
from typing import TYPE_CHECKING, Any, Never

from .errors import (
    DeadlockError,
    LivelockError,
    RealNetworkError,
    ThreadStuckError,
    running_threads,
    waiting_tasks,
)
from .threads import Threads

__all__ = ["STEPS_PER_INSTANT_MAX", "THREAD_S_MAX", "VirtualLoop"]

STEPS_PER_INSTANT_MAX = 200_000
"""Rounds of the loop at one instant, after which a program is taken to be spinning."""

THREAD_S_MAX = 30.0
"""Real seconds that the clock stands still for a thread."""

SIGNALS_EVERY_STEPS = 1024
CANCELLED_KEPT_MAX = 256

FINE_S_MAX = 4_000_000
"""Up to here, 46 days, a float tells nanoseconds apart; later on microseconds."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in virtual time, which begins at 0.0 seconds.

    ties                   puts timers that are due at one instant into a random order; by
                           default the one that was set first fires first
    steps_per_instant_max  rounds without time moving before LivelockError
    thread_s_max           real seconds for which a thread may hold the clock
    """

    if TYPE_CHECKING:
        _ready: deque[asyncio.Handle]
        _selector: Any
        _stopping: bool
        _default_executor: Any

        def _write_to_self(self) -> None: ...

        _process_events: Callable[[Any], None]

    def __init__(
        self,
        *,
        ties: Random | None = None,
        steps_per_instant_max: int = STEPS_PER_INSTANT_MAX,
        thread_s_max: float = THREAD_S_MAX,
    ) -> None:
        self._now = 0.0
        self._timers: list[tuple[float, float, asyncio.TimerHandle]] = []
        self._timers_set = 0
        self._timers_cancelled = 0
        self._ties = ties
        self._steps = 0
        self._steps_max = steps_per_instant_max
        self._thread_s_max = thread_s_max
        self._watchers: list[Callable[[float], object]] = []
        self.threads = Threads(self, self._write_to_self)
        super().__init__()

    # --- time ---

    def time(self) -> float:
        return self._now

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        self._check_closed()  # type: ignore[attr-defined]
        # On a grid of nanoseconds three sleeps of 0.1 s are exactly 0.3 s. But never early: who
        # asks for a time just after now and looks at the clock then, as anyio does, would ask
        # for it again and again.
        placed = round(when, 9 if when < FINE_S_MAX else 6)
        if placed <= self._now < when:
            placed = when
        timer = asyncio.TimerHandle(placed, callback, args, self, context)
        timer._scheduled = True  # type: ignore[attr-defined]
        self._timers_set += 1
        tie = self._timers_set if self._ties is None else self._ties.random()
        heapq.heappush(self._timers, (placed, tie, timer))
        return timer

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def watch(self, watcher: Callable[[float], object]) -> None:
        """Call `watcher` with every new time, before anything happens at it. What it raises ends
        the run."""
        self._watchers.append(watcher)

    def block_until(self, when: float) -> None:
        """Let time pass without letting anything happen, as a blocked loop does."""
        self._move_to(max(when, self._now))

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._timers_cancelled += 1
        if self._timers_cancelled > max(CANCELLED_KEPT_MAX, len(self._timers) // 2):
            self._timers = [entry for entry in self._timers if not entry[2].cancelled()]
            heapq.heapify(self._timers)
            self._timers_cancelled = 0

    def _move_to(self, when: float) -> None:
        self._now = when
        self._steps = 0
        for watcher in self._watchers:
            watcher(when)

    # --- one round ---

    def _run_once(self) -> None:
        ready = self._ready
        if not ready:
            self._drop_cancelled()
            due = bool(self._timers) and self._timers[0][0] <= self._now
            if not due and not self._stopping:
                self._let_time_pass()
        timers, now = self._timers, self._now
        while timers and timers[0][0] <= now:
            timer = heapq.heappop(timers)[2]
            timer._scheduled = False  # type: ignore[attr-defined]
            if timer.cancelled():
                self._timers_cancelled -= 1
            else:
                ready.append(timer)
        self._steps += 1
        if self._steps % SIGNALS_EVERY_STEPS == 0 or self._steps > self._steps_max:
            self._check_steps()
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _drop_cancelled(self) -> None:
        timers = self._timers
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)
            self._timers_cancelled -= 1

    def _let_time_pass(self) -> None:
        """Nothing can happen now: wait for threads, else jump to the next timer."""
        if self.threads.hold_the_clock:
            self._wait_for_threads()
        elif self._timers:
            self._move_to(self._timers[0][0])
        else:
            self._poll(0)
            if not self._ready:
                raise DeadlockError(
                    f"Nothing can ever happen after {self._now:.9g} s: every task waits, no timer "
                    f"is set and no thread owes a result. These tasks wait:\n"
                    f"{waiting_tasks(asyncio.all_tasks(self))}"
                )

    def _wait_for_threads(self) -> None:
        until_s = real_monotonic() + self._thread_s_max
        while not self._ready and self.threads.hold_the_clock:
            self.threads.let_one_through()
            left_s = until_s - real_monotonic()
            if left_s <= 0:
                raise ThreadStuckError(
                    f"The clock stood still at {self._now:.9g} s for {self._thread_s_max:g} real "
                    f"seconds, because a thread has not returned:\n"
                    f"{running_threads(self.threads.working())}\n"
                    f"If it waits for another thread or a lock, give it less to wait for; if it "
                    f"needs the time, write simulate(thread_s_max=...)."
                )
            self._poll(left_s)

    def _poll(self, timeout_s: float) -> None:
        """Take what threads and signals have left, after at most so many real seconds."""
        self._process_events(self._selector.select(timeout_s))

    def _check_steps(self) -> None:
        if self._steps % SIGNALS_EVERY_STEPS == 0:
            self._poll(0)
        if self._steps > self._steps_max:
            self._steps = 0
            raise LivelockError(
                f"The program was busy for {self._steps_max} rounds of its event loop while the "
                f"clock stood at {self._now:.9g} s. A loop that retries or polls must sleep; if it "
                f"is only long, write simulate(steps_per_instant_max=...). These tasks run:\n"
                f"{waiting_tasks(asyncio.all_tasks(self))}"
            )

    # --- threads ---

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        if executor is None:
            if self._default_executor is None:
                self.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
            executor = self._default_executor
        if isinstance(executor, ThreadPoolExecutor):
            return self.threads.submit(executor, func, args)
        number = self.threads.begin()
        result = super().run_in_executor(executor, func, *args)
        result.add_done_callback(lambda _: self.threads.end(number))
        return result

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        # Python 3.12 and later would set a timer of five minutes, to which the clock would jump.
        number = self.threads.begin()
        try:
            await super().shutdown_default_executor()
        finally:
            self.threads.end(number)

    # --- what there is not ---

    def _refuse(self, *args: Any, **kwargs: Any) -> Never:
        raise RealNetworkError(
            "In a simulated world there are no real sockets, pipes or subprocesses, because their "
            "time cannot be virtual. Connect over asyncio's create_connection, which SDKs use, to "
            "a fake; or use FakeServers, which run in real time."
        )

    if not TYPE_CHECKING:
        create_connection = create_server = create_datagram_endpoint = _refuse
        create_unix_connection = create_unix_server = connect_accepted_socket = _refuse
        sock_connect = sock_accept = sock_recv = sock_recv_into = sock_sendall = _refuse
        sock_recvfrom = sock_sendto = sock_sendfile = sendfile = start_tls = _refuse
        connect_read_pipe = connect_write_pipe = subprocess_exec = subprocess_shell = _refuse
        getaddrinfo = getnameinfo = add_reader = add_writer = _refuse
