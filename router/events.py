"""What the router tells those who watch it: frozen events, and the hook that receives them.

Events carry no prompt, no answer's text and no key. Money is integer pico-dollars. What is done
with them (metrics, spans, logs) is in `observation/`.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from .types import Attempt

__all__ = [
    "AttemptEnded",
    "AttemptStarted",
    "BoundExceeded",
    "BreakerChanged",
    "BudgetWarning",
    "CallEnded",
    "CallStarted",
    "ConfigReloaded",
    "GateClosed",
    "Hook",
    "Hooks",
    "RouterEvent",
    "SettleFailed",
    "TargetSkipped",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted:
    """A call was planned and nobody is asked yet; `at_s` is of the router's clock."""

    call_id: str
    at_s: float
    streamed: bool
    task: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSkipped:
    """A target was passed over before it was asked, and why."""

    call_id: str
    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """A request is about to be sent, `hold_pico` held for it. `index` counts a call's from 1."""

    call_id: str
    attempt_id: str
    index: int
    target: str
    provider: str
    model: str
    at_s: float
    streamed: bool
    hold_pico: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """The attempt as it stands in the answer: its cost is recorded, its hold settled next."""

    call_id: str
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """`outcome` is "ok", or the class of what ended the call (an error class, "budget",
    "deadline", "no_target", "cancelled")."""

    call_id: str
    at_s: float
    duration_s: float
    outcome: str
    attempts: tuple[Attempt, ...] = field(repr=False)
    streamed: bool
    task: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerChanged:
    """`phase` is "closed", "open" or "half_open"; `until_s` when an open one lets a probe by."""

    target: str
    phase: str
    at_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GateClosed:
    """A limit of a key is used up (or the key is dead): nothing is sent before `until_s`."""

    key_scope: str
    limit: str
    at_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetWarning:
    """A budget crossed its warn threshold; `used` is spent and held, as in the ledger."""

    scope: str
    used_pico: int
    limit_pico: int
    threshold_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundExceeded:
    """An attempt cost more than it could at most: its provider billed beyond what was asked for,
    or the price is not the one that it was held at. It is booked as it is, so that a limit may be
    passed by the difference."""

    attempt_id: str
    target: str
    bound_pico: int
    amount_pico: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleFailed:
    """A hold could not be settled; it stays held until it expires at its whole amount."""

    attempt_id: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigReloaded:
    """Calls that come from now on go by another setup."""

    version: int
    source: str


RouterEvent = (
    CallStarted
    | TargetSkipped
    | AttemptStarted
    | AttemptEnded
    | CallEnded
    | BreakerChanged
    | GateClosed
    | BudgetWarning
    | BoundExceeded
    | SettleFailed
    | ConfigReloaded
)


class Hook(Protocol):
    """Receives every event, in order, in the event loop's thread. Must not wait."""

    def on_event(self, event: RouterEvent) -> None: ...


class Hooks:
    """Hands events to the hooks. A hook that fails is logged and never fails a call."""

    def __init__(self, hooks: Iterable[Hook] = ()) -> None:
        self._hooks = tuple(hooks)

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def add(self, hook: Hook) -> None:
        """Adding one that is there already is nothing."""
        if hook not in self._hooks:
            self._hooks = (*self._hooks, hook)

    def on_event(self, event: RouterEvent) -> None:
        """Hooks are a hook themselves: what a budget tells goes on to the router's."""
        self.emit(event)

    def emit(self, event: RouterEvent) -> None:
        for hook in self._hooks:
            try:
                hook.on_event(event)
            except Exception:
                logging.getLogger("router").exception("a hook failed on %s", type(event).__name__)
