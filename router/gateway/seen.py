"""What the router tells of one call while it runs: its id, whom it asks, how long that takes.

The router's hook `Witness` finds the exchange that a call belongs to by a context variable, which
the tasks of a call inherit. Nothing here decides or renders.
"""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from ..events import AttemptEnded, AttemptStarted, CallStarted, RouterEvent
from ..types import Attempt

__all__ = ["Seen", "Witness", "witnessed"]

witnessed: ContextVar["Seen | None"] = ContextVar("llmsim_gateway_exchange", default=None)


@dataclass(slots=True, kw_only=True)
class Seen:
    """One exchange. Times are `time.perf_counter` seconds."""

    arrived_s: float = field(default_factory=time.perf_counter)
    call_id: str = ""
    running: dict[str, AttemptStarted] = field(default_factory=dict)
    ended: list[Attempt] = field(default_factory=list)
    upstream_s: float = 0.0
    _since_s: float = 0.0

    @property
    def asked(self) -> tuple[str, str]:
        """(provider, model) of the target that answers or was asked last; ("", "") for none."""
        won = next((a for a in self.ended if a.outcome == "ok"), None)
        last: Attempt | AttemptStarted | None = won or next(iter(self.running.values()), None)
        last = last or (self.ended[-1] if self.ended else None)
        return (last.provider, last.model) if last else ("", "")

    @property
    def attempts(self) -> int:
        return len(self.ended) + len(self.running)

    @property
    def cost_pico(self) -> int:
        return sum(attempt.cost_pico for attempt in self.ended)

    def overhead_s(self) -> float:
        """The time that was neither a provider's nor a wait before one was asked again."""
        now_s = time.perf_counter()
        busy_s = self.upstream_s + (now_s - self._since_s if self.running else 0.0)
        waited_s = sum(attempt.waited_s for attempt in self.ended)
        return max(0.0, now_s - self.arrived_s - busy_s - waited_s)

    def started(self, event: AttemptStarted) -> None:
        if not self.running:
            self._since_s = time.perf_counter()
        self.running[event.attempt_id] = event

    def finished(self, attempt: Attempt) -> None:
        self.running.pop(attempt.id, None)
        self.ended.append(attempt)
        if not self.running:  # hedged attempts run side by side and count once
            self.upstream_s += time.perf_counter() - self._since_s


class Witness:
    """A hook of the router."""

    def on_event(self, event: RouterEvent) -> None:
        seen = witnessed.get()
        if seen is None:
            return
        match event:
            case CallStarted():
                seen.call_id = event.call_id
            case AttemptStarted():
                seen.started(event)
            case AttemptEnded():
                seen.finished(event.attempt)
