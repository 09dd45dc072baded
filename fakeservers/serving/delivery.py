"""How an answer leaves: when each of its frames is due, and what goes wrong on the way.

The only code that misbehaves. Due times are absolute, counted from the request's arrival, so
that lateness never adds up; frames that are due at the same time leave in one write.
"""

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ..behaviour.faults import Fault
from ..behaviour.pace import Timing
from ..clock import Clock, sleep_until
from ..evidence.journal import Exchange, Outcome
from ..wire.base import Answer, Frame, Frames, single
from .breaking import Ending, Pause, altered, steps
from .connection import Connection
from .flowing import Flowing

__all__ = ["at_once", "in_time"]

WRITE_BYTES_MAX = 256 * 1024
"""A longer run of due frames is cut into several writes, so that a slow reader is waited for."""

NO_FAULT = Fault()

_OUTCOMES: Mapping[Ending, Outcome] = {
    Ending.FINISH: "complete",
    Ending.CLOSE: "cut",
    Ending.RESET: "reset",
}


def at_once(
    answer: Answer, exchange: Exchange, connection: Connection, clock: Clock
) -> Iterable[Frame] | None:
    """Write an answer that waits for nothing and to which nothing happens. Returns the frames
    that were too many for one write, None when there are none."""
    body = answer.body
    if isinstance(body, bytes):
        exchange.ends("complete", clock.now(), len(body))
        connection.send_whole(answer.status, answer.headers, body)
        return None
    frames = iter(body)
    pieces: list[bytes] = []
    size = 0
    for frame in frames:
        pieces.append(data := frame.data)
        size += len(data)
        if size >= WRITE_BYTES_MAX:
            return _in_batches(b"".join(pieces), frames)
    exchange.ends("complete", clock.now(), size)
    connection.send_stream(answer.status, answer.headers, pieces)
    return None


def _in_batches(first: bytes, frames: Iterable[Frame | Frames]) -> Iterator[Frame]:
    """The frames joined, as many at a time as one write takes."""
    due = [first]
    size = len(first)
    for frame in frames:
        if size >= WRITE_BYTES_MAX:
            yield Frame(b"".join(due), True)
            due, size = [], 0
        due.append(data := frame.data)
        size += len(data)
    yield Frame(b"".join(due), True)


async def in_time(
    answer: Answer, exchange: Exchange, connection: Connection, clock: Clock, begun_s: float
) -> None:
    """Write the frames of an answer when they are due, counted from `begun_s`, and do to it
    what its fault says."""
    body, timing = answer.body, exchange.timing
    if exchange.fault is None and timing is not None and not isinstance(body, bytes):
        await Flowing(answer, body, exchange, timing, connection, clock, begun_s).run()
        return
    fault = exchange.fault or NO_FAULT
    await _Delivery(exchange, connection, clock, begun_s).run(altered(answer, fault))


class _Delivery:
    """One answer that waits or goes wrong."""

    def __init__(
        self, exchange: Exchange, connection: Connection, clock: Clock, begun_s: float
    ) -> None:
        self._fault = exchange.fault or NO_FAULT
        self._exchange = exchange
        self._connection = connection
        self._clock = clock
        self._due_s = begun_s
        self._pending: list[bytes] = []
        self._pending_bytes = 0

    async def run(self, answer: Answer) -> None:
        fault, exchange = self._fault, self._exchange
        await self._wait(fault.first_byte_delay_s)
        if fault.ending in ("close", "reset") and fault.ends_after_chunks is None:
            await self._end(Ending.CLOSE if fault.ending == "close" else Ending.RESET)
            return
        if not isinstance(answer.body, bytes):
            # Rendered at once: what never leaves is counted too.
            frames = tuple(single(answer.body))
            answer = replace(answer, body=frames)
            exchange.chunks = sum(frame.content for frame in frames)
        whole = isinstance(answer.body, bytes)
        length = len(answer.body) + fault.length_off if isinstance(answer.body, bytes) else None
        if whole and exchange.timing is not None:
            await self._wait(exchange.timing.total_s())
        self._connection.start(answer.status, answer.headers, length)
        timing = None if whole else exchange.timing
        await self._steps(answer, timing)

    async def _steps(self, answer: Answer, timing: Timing | None) -> None:
        first = True
        if timing is not None:
            # What opens a stream comes with its first token, as the services send it.
            await self._wait(timing.first_s())
        self._exchange.begun = True
        for step in steps(answer, self._fault):
            if isinstance(step, Frame):
                if timing is not None and step.content:
                    if not first:
                        await self._wait(timing.gap_s())
                    first = False
                if self._exchange.chunks:
                    self._exchange.sent_chunks += step.content
                self._pending.append(step.data)
                self._pending_bytes += len(step.data)
                if self._pending_bytes >= WRITE_BYTES_MAX:
                    await self._write()
            elif isinstance(step, Pause):
                await self._write(b"")
                await self._wait(step.for_s)
            else:
                await self._end(step)

    async def _wait(self, for_s: float) -> None:
        """Until `for_s` after what was due last; what is pending leaves before."""
        if for_s <= 0:
            return
        self._due_s += for_s
        if self._due_s <= self._clock.now():
            return
        if self._pending:
            await self._write()
        if math.isinf(for_s):
            await asyncio.get_running_loop().create_future()
        await sleep_until(self._clock, self._due_s)

    async def _write(self, more: bytes | None = None) -> None:
        """Write what is pending; with `more`, even if that is only the head."""
        data = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        if not data and more is None:
            return
        for part in self._parts(data):
            self._connection.write(part)
            await self._connection.drained()
            if self._fault.trickle_bytes:
                self._due_s = max(self._due_s, self._clock.now() - self._fault.trickle_every_s)
                self._due_s += self._fault.trickle_every_s
                await sleep_until(self._clock, self._due_s)

    def _parts(self, data: bytes) -> Iterable[bytes]:
        size = self._fault.trickle_bytes
        if size:
            return (data[at : at + size] for at in range(0, len(data), size)) if data else (b"",)
        if self._fault.splits_utf8:
            return _split_in_characters(data)
        return (data,)

    async def _end(self, ending: Ending) -> None:
        if ending is not Ending.FINISH or self._fault.trickle_bytes or self._fault.splits_utf8:
            await self._write()
        data = b"".join(self._pending)
        sent_bytes = self._connection.sent_bytes + len(data)
        self._exchange.ends(_OUTCOMES[ending], self._clock.now(), sent_bytes)
        if data:
            self._connection.write(data)
        match ending:
            case Ending.FINISH:
                self._connection.finish()
            case Ending.CLOSE:
                self._connection.close()
            case Ending.RESET:
                self._connection.reset()
        await self._connection.drained()


def _split_in_characters(data: bytes) -> Iterator[bytes]:
    """The data cut after the first byte of every character that has several."""
    begun = 0
    for at, byte in enumerate(data):
        if byte >= 0xC0:
            yield data[begun : at + 1]
            begun = at + 1
    if begun < len(data) or not data:
        yield data[begun:]
