"""The circuit breaker as pure functions of (state, event, now): no clock, no lock, no I/O.

Each change of phase begins a new generation; a permit carries the generation in which it was
given, and an outcome of another generation changes nothing. Rate limits are not the breaker's
affair: see `gates.py`.
"""

from dataclasses import dataclass, replace
from typing import Literal

from .policy import BreakerPolicy

__all__ = ["CLOSED", "BreakerOutcome", "BreakerState", "Permit", "admit", "available_at", "record"]

# "slow" is a failure by being slow, "slow_success" an answer that came late.
BreakerOutcome = Literal["success", "failure", "slow", "slow_success", "neutral"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """Outcomes of one slice of the window; `number` is the slice's place on the time line."""

    number: int
    total: int = 0
    failed: int = 0
    slow: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerState:
    """`opened` is k, how often it opened of late; `not_before_s` when an open one may be probed;
    `permits_out` how many half-open calls are under way."""

    phase: Literal["closed", "open", "half_open"] = "closed"
    generation: int = 0
    buckets: tuple[Bucket, ...] = ()
    consecutive: int = 0
    opened: int = 0
    not_before_s: float = float("-inf")
    since_s: float = float("-inf")
    permits_out: int = 0
    successes: int = 0


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call. It must be answered by exactly one `record`."""

    generation: int
    probe: bool = False


CLOSED = BreakerState()
_FAILED = ("failure", "slow")
_SLOW = ("slow", "slow_success")


def available_at(state: BreakerState, policy: BreakerPolicy, now_s: float) -> float | None:
    """When a call may be made: now or earlier if at once, later if open, None if every
    half-open permit is out (nobody knows until one comes back)."""
    if state.phase == "half_open" and state.permits_out >= policy.permits:
        return None
    return state.not_before_s if state.phase == "open" else now_s


def admit(
    state: BreakerState, policy: BreakerPolicy, now_s: float, *, force: bool = False
) -> tuple[BreakerState, Permit | None]:
    """A permit if a call may be made now. `force` probes an open breaker before its time."""
    if state.phase == "closed":
        return state, Permit(state.generation)
    if state.phase == "open":
        if now_s < state.not_before_s and not force:
            return state, None
        state = replace(
            state,
            phase="half_open",
            generation=state.generation + 1,
            since_s=now_s,
            permits_out=0,
            successes=0,
        )
    if state.permits_out >= policy.permits:
        return state, None
    return replace(state, permits_out=state.permits_out + 1), Permit(state.generation, probe=True)


def record(
    state: BreakerState,
    policy: BreakerPolicy,
    permit: Permit,
    outcome: BreakerOutcome,
    now_s: float,
    *,
    random_unit: float = 0.0,
) -> BreakerState:
    """The state after the call that held `permit` ended. `random_unit` (0 to 1) is the jitter
    of the time for which it opens, if it does."""
    if permit.generation != state.generation:
        return state
    if state.phase == "half_open":
        return _probed(state, policy, outcome, now_s, random_unit)
    if outcome == "neutral":
        return state
    state = _counted(state, policy, outcome, now_s)
    if outcome == "success" or not _must_open(state, policy):
        return state
    return _opened(state, policy, now_s, random_unit)


def _probed(
    state: BreakerState,
    policy: BreakerPolicy,
    outcome: BreakerOutcome,
    now_s: float,
    random_unit: float,
) -> BreakerState:
    state = replace(state, permits_out=state.permits_out - 1)
    if outcome == "neutral":
        return state
    if outcome in _FAILED:
        return _opened(state, policy, now_s, random_unit)
    if state.successes + 1 < policy.successes:
        return replace(state, successes=state.successes + 1)
    return BreakerState(
        generation=state.generation + 1,
        opened=state.opened,
        not_before_s=state.not_before_s,
        since_s=now_s,
    )


def _counted(
    state: BreakerState, policy: BreakerPolicy, outcome: BreakerOutcome, now_s: float
) -> BreakerState:
    number = int(now_s / policy.window_s * policy.buckets)
    buckets = tuple(b for b in state.buckets if b.number > number - policy.buckets)
    last = buckets[-1] if buckets and buckets[-1].number == number else Bucket(number)
    kept = buckets[:-1] if buckets and buckets[-1].number == number else buckets
    failed = outcome in _FAILED
    last = Bucket(number, last.total + 1, last.failed + failed, last.slow + (outcome in _SLOW))
    consecutive = state.consecutive + 1 if failed else 0
    # Written out because every call comes by here, and `replace` is several times slower.
    return BreakerState(
        generation=state.generation,
        buckets=(*kept, last),
        consecutive=consecutive,
        opened=state.opened,
        not_before_s=state.not_before_s,
        since_s=state.since_s,
    )


def _must_open(state: BreakerState, policy: BreakerPolicy) -> bool:
    if state.consecutive >= policy.consecutive:
        return True
    total = sum(bucket.total for bucket in state.buckets)
    if total < policy.ratio_min:
        return False
    if sum(bucket.failed for bucket in state.buckets) >= policy.ratio * total:
        return True
    slow = sum(bucket.slow for bucket in state.buckets)
    return policy.slow_ratio is not None and slow >= policy.slow_ratio * total


def _opened(
    state: BreakerState, policy: BreakerPolicy, now_s: float, random_unit: float
) -> BreakerState:
    times = state.opened
    if state.phase == "closed" and times:
        times = max(0, times - int((now_s - state.since_s) / policy.healthy_s))
    open_s = min(policy.open_cap_s, policy.open_base_s * 2.0 ** min(times, 62))
    until_s = now_s + min(policy.open_cap_s, open_s * (1 + policy.jitter * random_unit))
    return BreakerState(
        phase="open",
        generation=state.generation + 1,
        opened=times + 1,
        not_before_s=max(state.not_before_s, until_s),
        since_s=now_s,
    )
