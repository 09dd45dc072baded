"""How many answers one fake is making, how that slows them, and the queue of those that wait for
a slot."""

import asyncio
from collections import deque

from ..behaviour.pace import Pace, Timing, timing
from ..canonical import CompletionResult, RawReply, Result, Thinking
from ..rng import Seed
from .charging import metered

__all__ = ["Load", "Turn"]


class Turn:
    """One answer's place: running, or waiting until it is called."""

    __slots__ = ("_called", "_running")

    def __init__(self, *, running: bool) -> None:
        self._running = running
        self._called: asyncio.Future[None] | None = None

    async def comes(self) -> bool:
        """Return when the answer may be made: true when it had to wait for that."""
        if self._running:
            return False
        self._called = asyncio.get_running_loop().create_future()
        await self._called
        return True

    def _call(self) -> None:
        self._running = True
        if self._called is not None and not self._called.done():
            self._called.set_result(None)


class Load:
    """Counts the paced answers of a fake, and lets at most `pace.slots` of them run."""

    def __init__(self) -> None:
        self._running = 0
        self._waiting: deque[Turn] = deque()

    def full(self, pace: Pace) -> bool:
        """Whether one more request would find no slot and no place in the queue."""
        return self._taken(pace) and len(self._waiting) >= pace.queue_max

    def share(self, pace: Pace) -> float:
        """How much of the slots is taken besides one: 0 alone, 1 when all are."""
        slots = pace.slots
        if slots is None or slots < 2:
            return 0.0
        return min(1.0, max(0, self._running - 1) / (slots - 1))

    def timing(self, pace: Pace, result: Result | RawReply, seed: Seed, *, cold: bool) -> Timing:
        """What the answer's waiting times are; only generated content takes time by token. `cold`
        is a model that is not in memory."""
        usage = metered(result)
        streamed = isinstance(result, CompletionResult) and any(
            isinstance(part, Thinking) and part.text for part in result.reply.parts
        )
        return timing(
            pace,
            seed.of(b"pace").random,
            load=lambda: self.share(pace),
            input_tokens=usage.input_tokens - usage.cached_tokens,
            tokens=usage.output_tokens,
            hidden_tokens=0 if streamed else usage.reasoning_tokens,
            cold=cold,
        )

    def enter(self, pace: Pace) -> Turn:
        """Take a slot, or a place in the queue, in the order of arrival."""
        if not self._taken(pace):
            self._running += 1
            return Turn(running=True)
        turn = Turn(running=False)
        self._waiting.append(turn)
        return turn

    def leave(self, turn: Turn) -> None:
        """Give up the place; a slot goes to whoever waits the longest."""
        if not turn._running:
            self._waiting.remove(turn)
        elif self._waiting:
            self._waiting.popleft()._call()
        else:
            self._running -= 1

    def _taken(self, pace: Pace) -> bool:
        return pace.slots is not None and self._running >= pace.slots
