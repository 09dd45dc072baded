"""Reading one client's stream: what came so far, and which silence or noise is a failure.

`Accumulator` is arithmetic over events; `StreamReader` adds the clocks: time to the first
visible delta, idleness, deadline, unreadable lines, a missing terminal marker. What happens after
a failure is the engine's.
"""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from .clients.base import ProviderFailure
from .clock import Clock
from .policy import StreamPolicy
from .types import (
    Finish,
    Gap,
    LLMResponse,
    Noise,
    Part,
    RateLimit,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Timeouts,
    ToolCall,
    ToolCallDelta,
    Usage,
    UsageEvent,
    is_visible,
)
from .watch import Watch

__all__ = ["Accumulator", "StreamReader"]


class Accumulator:
    """The response that a stream's events add up to. Bounded by what the vendor sends."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, list[Any]]] = []
        self._calls: dict[int, list[Any]] = {}
        self.usage: Usage | None = None
        self.usage_final = False
        self.finish: Finish | None = None
        self.model = ""
        self.id = ""
        self.limits: tuple[RateLimit, ...] = ()
        self.malformed = 0
        self.gaps = 0

    def add(self, event: StreamEvent) -> None:
        match event:
            case TextDelta(text=text):
                self._piece("text").append(text)
            case ToolCallDelta(index=index):
                if index not in self._calls:
                    self._calls[index] = []
                    self._parts.append(("tool", self._calls[index]))
                self._calls[index].append(event)
            case ThinkingDelta():
                self._piece("thinking").append(event)
            case UsageEvent(usage=usage, final=final):
                self.usage, self.usage_final = usage, final
            case Finish():
                self.finish = event
            case Started(model=model, id=id_, limits=limits):
                self.model, self.id, self.limits = model, id_, limits
            case Noise(kind="malformed"):
                self.malformed += 1
            case Gap():
                self.malformed += 1
                self.gaps += self.finish is None  # after it only counts can be missing

    def _piece(self, kind: str) -> list[Any]:
        if not self._parts or self._parts[-1][0] != kind:
            self._parts.append((kind, []))
        return self._parts[-1][1]

    @property
    def text(self) -> str:
        return "".join("".join(pieces) for kind, pieces in self._parts if kind == "text")

    @property
    def written(self) -> str:
        """All that the model wrote, visible or not: what its output tokens stand for."""
        texts = []
        for kind, pieces in self._parts:
            for piece in pieces:
                if kind == "text":
                    texts.append(piece)
                elif kind == "thinking":
                    texts.append(piece.text)
                else:
                    texts.append(piece.name + piece.arguments)
        return "".join(texts)

    @property
    def has_calls(self) -> bool:
        return bool(self._calls)

    @property
    def only_text(self) -> bool:
        """Whether another model could go on from here: no tool call, no reasoning, no finish."""
        return self.finish is None and all(kind == "text" for kind, _ in self._parts)

    def response(self) -> LLMResponse:
        """What came so far; without a finish reason unless the vendor's marker was seen."""
        return LLMResponse(
            parts=tuple(_part(kind, pieces) for kind, pieces in self._parts),
            finish_reason=self.finish.reason if self.finish else None,
            finish_reason_raw=self.finish.raw_reason if self.finish else "",
            usage=self.usage,
            model=self.model,
            id=self.id,
            limits=self.limits,
            lines_skipped=self.malformed,
            gaps=self.gaps,
        )


def _part(kind: str, pieces: list[Any]) -> Part:
    if kind == "text":
        return Text("".join(pieces))
    signature = "".join(piece.signature for piece in pieces)
    if kind == "thinking":
        return Thinking(
            text="".join(piece.text for piece in pieces),
            signature=signature,
            redacted="".join(piece.redacted for piece in pieces),
        )
    text = "".join(piece.arguments for piece in pieces)
    arguments: Any = {}
    with suppress(ValueError):
        arguments = json.loads(text) if text else {}
    valid = isinstance(arguments, dict)
    return ToolCall(
        name="".join(piece.name for piece in pieces),
        id=next((piece.id for piece in pieces if piece.id), ""),
        arguments=arguments if valid else {},
        arguments_text="" if valid and (arguments or not text.strip("{} \n")) else text,
        signature=signature,
    )


class StreamReader:
    """One client's stream under the router's rules. Not more than one read at a time. `is_ready`
    tells that enough came to be shown, which commits the call to this target.

    `may_give_up` is asked when the time to the first visible delta is over: a slow stream is
    left only if there is somewhere to go. `may_try_again` is asked when, before anything was
    shown, an event could not be read: a piece may be missing, and only where nothing can be
    tried in its place the stream goes on with a Gap.
    """

    def __init__(
        self,
        events: AsyncIterator[StreamEvent],
        *,
        clock: Clock,
        timeouts: Timeouts,
        policy: StreamPolicy,
        deadline_s: float,
        may_give_up: Callable[[], bool],
        may_try_again: Callable[[], bool],
    ) -> None:
        self._events = events
        self._clock = clock
        self._timeouts = timeouts
        self._policy = policy
        self._deadline_s = deadline_s
        self._started_s = clock.now()
        self._held_events = 0
        self._held_bytes = 0
        self._waiting = False
        total_s, ttft_s = timeouts.total_s, timeouts.ttft_s
        self._total_s = self._started_s + total_s if total_s else math.inf
        first_s = self._started_s + ttft_s if ttft_s else math.inf
        self._soft_s = min(first_s, self._total_s)
        self._slow_s = math.inf
        self._watch = Watch(clock, may_give_up)
        self._may_try_again = may_try_again
        self._chars = 0
        self.first_delta_s: float | None = None
        self.is_ready = False
        self.got = Accumulator()

    async def read(self) -> StreamEvent | None:
        """The next event, None after the last. Raises ProviderFailure when the stream is one,
        TimeoutError when the call's deadline has come."""
        while True:
            event: StreamEvent | None
            try:
                event = await self._next()
            except StopAsyncIteration:
                event = None
            except ProviderFailure:
                if self.got.finish is None:
                    raise
                event = None  # all was said: what is missing is a [DONE] or a clean close
            if event is None:
                self._watch.stop()
                self._check_end()
                return None
            self.got.add(event)
            if self.got.malformed > self._policy.malformed_max:
                raise self._failure("protocol_bad", f"{self.got.malformed} unreadable lines")
            if isinstance(event, Noise) or (isinstance(event, Gap) and self.got.finish is not None):
                continue
            if isinstance(event, Gap) and not self.is_ready and self._may_try_again():
                raise self._failure("protocol_bad", f"{event.detail}: a piece may be missing")
            self._note_visible(event)
            return event

    async def aclose(self) -> None:
        self._watch.stop()
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()

    async def _next(self) -> StreamEvent:
        hard_s, soft_s, idle_s = self._limits()
        try:
            event = await self._watch.wait(anext(self._events), hard_s=hard_s, soft_s=soft_s)
        except TimeoutError:
            if not self._watch.rang:
                raise ProviderFailure(
                    "protocol_bad", "the client raised TimeoutError", certainty="possibly_accepted"
                ) from None
            raise self._timed_out(idle_s) from None
        self._waiting = True
        return event

    def _limits(self) -> tuple[float, float | None, float | None]:
        """(hard, soft, idle) moments of the next wait. While nothing was shown, whichever limit
        comes first may only send us elsewhere; later there is no elsewhere."""
        hard_s, soft_s = self._deadline_s, self._soft_s
        idle_s: float | None = None
        if self._timeouts.idle_s and self._waiting:
            idle_s = self._clock.now() + self._timeouts.idle_s
        if not self.is_ready:
            if self.first_delta_s is not None:
                soft_s = min(self._total_s, self._slow_s)
            if idle_s is not None and idle_s < soft_s:
                soft_s = idle_s
            return hard_s, soft_s, idle_s
        if idle_s is not None and idle_s < hard_s:
            hard_s = idle_s
        return min(hard_s, self._total_s), None, idle_s

    def _timed_out(self, idle_s: float | None) -> Exception:
        now_s = self._clock.now()
        if now_s >= self._deadline_s and not self._watch.gave_up:
            return TimeoutError("the call's deadline")
        waited = f"{now_s - self._started_s:.3f} s"
        if idle_s is not None and now_s >= idle_s:
            return self._failure(
                "timeout_idle", f"the stream stood still, {waited} after its start"
            )
        if not self.is_ready:
            return self._failure("timeout_ttft", f"{self._chars} characters after {waited}")
        return self._failure("timeout_idle", f"the stream was not over after {waited}")

    def _note_visible(self, event: StreamEvent) -> None:
        """Whether there is enough to show: `is_ready` from the first visible delta on, or from
        as many characters as the policy holds back."""
        if self.is_ready:
            return
        if is_visible(event):
            if self.first_delta_s is None:
                self.first_delta_s = self._clock.now()
                rate = self._policy.chars_per_s_min
                if rate:
                    self._slow_s = self.first_delta_s + self._policy.hold_back_chars / rate
            self._chars += len(getattr(event, "text", "") or getattr(event, "arguments", ""))
            self.is_ready = self._chars >= self._policy.hold_back_chars
            return
        if isinstance(event, Finish | UsageEvent):
            return
        self._held_events += 1
        self._held_bytes += len(getattr(event, "signature", "")) + len(
            getattr(event, "redacted", "")
        )
        if self._held_events > self._policy.buffer_events or (
            self._held_bytes > self._policy.buffer_bytes
        ):
            raise self._failure(
                "protocol_bad", f"{self._held_events} events and nothing to show among them"
            )

    def _check_end(self) -> None:
        if self.got.finish is None:
            hidden = f" ({self.got.malformed} lines were unreadable)" if self.got.malformed else ""
            raise self._failure("stream_cut", f"the stream ended without its end marker{hidden}")
        if self.got.gaps and (self.got.has_calls or self.got.finish.reason == "tool_calls"):
            # Text with a hole is read by somebody; a call with one would be carried out.
            raise self._failure("protocol_bad", "a piece of a tool call may be missing")

    def _failure(self, error_class: Any, message: str) -> ProviderFailure:
        began = self._waiting
        certainty: Any = "response_started" if began else "possibly_accepted"
        return ProviderFailure(error_class, message, certainty=certainty, usage=self.got.usage)


async def close_within(reader: StreamReader, limit_s: float) -> None:
    """Close the client's stream; one that does not close in time is left to itself."""
    with suppress(Exception):
        async with asyncio.timeout(limit_s):
            await reader.aclose()
