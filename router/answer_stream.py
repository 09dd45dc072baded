"""What a caller of `stream` holds: the events as they come, and the answer when they are over."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from types import TracebackType

from .envelope import Envelope
from .types import Answer, Attempt, Plan, StreamEvent, StreamReset, TextDelta

__all__ = ["AnswerStream"]


class AnswerStream:
    """An async iterator of events; nothing is sent before the first is asked for.

        async with router.stream("Tell me a story.") as stream:
            async for event in stream: ...
        stream.answer.text

    Closing it (`aclose`, or leaving the `async with`) closes the connection to the vendor and
    settles what was received. `answer` is there once the stream is over.
    """

    def __init__(self, env: Envelope, events: AsyncGenerator[StreamEvent, None]) -> None:
        self._env = env
        self._events = events

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return self

    def __anext__(self) -> Awaitable[StreamEvent]:
        return anext(self._events)

    async def __aenter__(self) -> "AnswerStream":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._events.aclose()

    async def text(self) -> AsyncIterator[str]:
        """Only the visible text; of a Gap in it `answer.gaps` tells. Where the policy restarts
        streams, read the events instead: raises RuntimeError when what was yielded no longer
        holds."""
        async for event in self:
            if isinstance(event, StreamReset):
                raise RuntimeError(
                    f"the stream began anew at {event.to_target}; read the events to see resets"
                )
            if isinstance(event, TextDelta):
                yield event.text

    async def collect(self) -> Answer:
        """Read to the end; the answer."""
        async for _ in self:
            pass
        return self.answer

    @property
    def answer(self) -> Answer:
        """Raises RuntimeError before the stream is over."""
        if self._env.answer is None:
            raise RuntimeError("the stream is not over: read it to its end, or await collect()")
        return self._env.answer

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Those that have ended so far."""
        return tuple(self._env.attempts)

    @property
    def plan(self) -> Plan:
        return self._env.plan
