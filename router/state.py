"""What the router remembers between calls, by target id, so that a reload keeps it.

Breakers, gates, loads, headroom, the retry budget, which prompt went where. It holds and looks
up; the rules stand in the modules of those names. One event loop's thread only.
"""

import random
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import breaker
from .breaker import CLOSED, BreakerOutcome, BreakerState, Permit
from .events import BreakerChanged, GateClosed, Hooks
from .gates import Gates
from .load import Headroom, Load
from .policy import BreakerPolicy, RouterPolicy
from .retry_budget import RetryBudget, Throttle
from .types import Target

__all__ = ["RouterState", "TargetState"]

_STICKY_MAX = 4096


@dataclass(slots=True)
class TargetState:
    """One target's memory. `misconfigured` says what is wrong with it until a reload."""

    breaker: BreakerState = CLOSED
    whole: Load = field(default_factory=Load)
    first_delta: Load = field(default_factory=Load)
    headroom: Headroom | None = None
    misconfigured: str = ""
    probed_s: float = float("-inf")

    def load(self, streamed: bool) -> Load:
        return self.first_delta if streamed else self.whole

    @property
    def in_flight(self) -> int:
        return self.whole.in_flight + self.first_delta.in_flight


class RouterState:
    """All targets' memories, and what all calls share."""

    def __init__(self, policy: RouterPolicy, *, rng: random.Random, hooks: Hooks) -> None:
        self.rng = rng
        self.hooks = hooks
        self.gates = Gates()
        self.retries = RetryBudget(policy.retry_budget)
        self.throttle = Throttle(policy.retry_budget)
        self._targets: dict[str, TargetState] = {}
        self._sticky: OrderedDict[str, str] = OrderedDict()

    def of(self, target: Target) -> TargetState:
        state = self._targets.get(target.id)
        if state is None:
            state = self._targets[target.id] = TargetState()
        if state.headroom is None:
            state.headroom = Headroom(target)
        return state

    def reloaded(self, policy: RouterPolicy, targets: tuple[Target, ...]) -> None:
        """A new configuration: forget what it may have mended and targets that are gone."""
        ids = {target.id for target in targets}
        self._targets = {name: state for name, state in self._targets.items() if name in ids}
        for state in self._targets.values():
            state.misconfigured = ""
        self.gates.forget("key")
        self.retries = RetryBudget(policy.retry_budget)
        self.throttle = Throttle(policy.retry_budget)

    def admit(
        self, target: Target, policy: BreakerPolicy, now_s: float, *, force: bool = False
    ) -> Permit | None:
        state = self.of(target)
        before = state.breaker
        state.breaker, permit = breaker.admit(before, policy, now_s, force=force)
        self._tell(target, before, state.breaker, now_s)
        if permit is not None and permit.probe:
            state.probed_s = now_s
        return permit

    def record(
        self,
        target: Target,
        policy: BreakerPolicy,
        permit: Permit,
        outcome: BreakerOutcome,
        now_s: float,
    ) -> None:
        state = self.of(target)
        before = state.breaker
        jitter = self.rng.random() if outcome in ("failure", "slow") else 0.0
        state.breaker = breaker.record(before, policy, permit, outcome, now_s, random_unit=jitter)
        self._tell(target, before, state.breaker, now_s)

    def close_gate(
        self, target: Target, limit: str, until_s: float, now_s: float, *, key: bool = False
    ) -> float:
        """Returns the not-before time that holds now."""
        until_s = self.gates.close(target, limit, until_s, key=key)
        if self.hooks:
            self.hooks.emit(
                GateClosed(key_scope=target.key_scope, limit=limit, at_s=now_s, until_s=until_s)
            )
        return until_s

    def stuck_to(self, prefix: str) -> str:
        """The target that answered a prompt with this beginning last; "" if none is known."""
        return self._sticky.get(prefix, "")

    def stick(self, prefix: str, target: Target) -> None:
        """Remember it; of more than 4,096 beginnings the longest unused is forgotten."""
        self._sticky[prefix] = target.id
        self._sticky.move_to_end(prefix)
        if len(self._sticky) > _STICKY_MAX:
            self._sticky.popitem(last=False)

    def snapshot(self, now_s: float) -> dict[str, Any]:
        """What other processes should know, ready for JSON: open breakers and closed gates, with
        the seconds that they stay so. Times of the loop's clock mean nothing elsewhere."""
        breakers = {
            name: {"opened": state.breaker.opened, "open_s": state.breaker.not_before_s - now_s}
            for name, state in self._targets.items()
            if state.breaker.phase == "open" and state.breaker.not_before_s > now_s
        }
        return {"breakers": breakers, "gates": self.gates.snapshot(now_s)}

    def restore(self, kept: Mapping[str, Any], now_s: float) -> None:
        """Open and close what a snapshot says; nothing opens or closes earlier by it."""
        self.gates.restore(kept["gates"], now_s)
        for name, told in kept["breakers"].items():
            state = self._targets.setdefault(name, TargetState())
            mine, until_s = state.breaker, now_s + told["open_s"]
            if mine.phase != "open" or mine.not_before_s < until_s:
                state.breaker = BreakerState(
                    phase="open",
                    generation=mine.generation + 1,
                    opened=max(mine.opened, told["opened"]),
                    not_before_s=max(mine.not_before_s, until_s),
                    since_s=now_s,
                )

    def _tell(
        self, target: Target, before: BreakerState, after: BreakerState, now_s: float
    ) -> None:
        if self.hooks and before.phase != after.phase:
            self.hooks.emit(
                BreakerChanged(
                    target=target.id, phase=after.phase, at_s=now_s, until_s=after.not_before_s
                )
            )
