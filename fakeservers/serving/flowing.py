"""Streams to which nothing happens but time.

Due times are absolute, counted from the request's arrival, so that lateness never adds up.
Thousands of streams run at once: their pieces leave from the timers' own calls, and no task is
woken but at the end, and where a reader is too slow.
"""

import asyncio
from collections.abc import Iterable

from ..behaviour.pace import Timing
from ..clock import Clock, Timer
from ..evidence.journal import Exchange
from ..wire.base import Answer, Frame, Frames, single
from .connection import Connection

__all__ = ["Flowing"]


class Flowing:
    """One such stream: `run` it. What opens it comes with its first token, as the services send
    it; each further piece that carries output, a gap later."""

    __slots__ = (
        "_answer",
        "_clock",
        "_connection",
        "_due_s",
        "_exchange",
        "_frames",
        "_halt",
        "_held",
        "_sent",
        "_timer",
        "_timing",
    )

    def __init__(
        self,
        answer: Answer,
        frames: Iterable[Frame | Frames],
        exchange: Exchange,
        timing: Timing,
        connection: Connection,
        clock: Clock,
        begun_s: float,
    ) -> None:
        self._answer = answer
        self._frames = single(frames)
        self._exchange = exchange
        self._timing = timing
        self._connection = connection
        self._clock = clock
        self._due_s = begun_s + timing.first_s()
        self._held: list[bytes] = []
        self._sent = 0

    async def run(self) -> None:
        """Return when the stream has ended and its client has taken enough of it."""
        try:
            while not await self._flow():
                await self._connection.drained()
        except asyncio.CancelledError:
            self._timer.cancel()
            exchange = self._exchange
            exchange.sent_chunks = self._sent
            # What is held was taken from the frames, and never left.
            left = sum(frame.content for frame in self._frames)
            exchange.chunks = self._sent + bool(self._held) + left
            raise
        await self._connection.drained()

    def _flow(self) -> "asyncio.Future[bool]":
        """Done with True at the end of the stream, with False where its reader is too slow."""
        self._halt: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._timer: Timer = self._clock.call_at(self._due_s, self._go_on)
        return self._halt

    def _go_on(self) -> None:
        if self._halt.cancelled():
            return
        try:
            self._send_due()
        except Exception as problem:
            self._halt.set_exception(problem)

    def _send_due(self) -> None:
        """Send what is due, and have the clock call again when more is."""
        connection, timing, now = self._connection, self._timing, self._clock.now
        due = self._held
        if due:
            self._sent += 1
        else:
            connection.start(self._answer.status, self._answer.headers, None)
            self._exchange.begun = True
        for frame in self._frames:
            if frame.content:
                if self._sent:
                    self._due_s += timing.gap_s()
                    if self._due_s > now():
                        connection.write(due[0] if len(due) == 1 else b"".join(due))
                        self._held = [frame.data]
                        if connection.full:
                            self._halt.set_result(False)
                        else:
                            self._timer = self._clock.call_at(self._due_s, self._go_on)
                        return
                self._sent += 1
            due.append(frame.data)
        last = b"".join(due)
        self._exchange.ends("complete", now(), connection.sent_bytes + len(last))
        connection.write(last)
        connection.finish()
        self._halt.set_result(True)
