"""What the router does when things go well or badly, as frozen values with their defaults.

A configuration file fills these in; the engine reads them. No decision is made here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .errors import ERROR_CLASSES, ConfigError

__all__ = [
    "BreakerPolicy",
    "Group",
    "HedgePolicy",
    "RetryBudgetPolicy",
    "RetryPolicy",
    "RouterPolicy",
    "StrategyName",
    "StreamPolicy",
    "TaskRule",
]

StrategyName = Literal[
    "order",
    "weighted",
    "cheapest",
    "latency",
    "least_busy",
    "rate_headroom",
    "price_power",
    "quality",
]


def _positive(policy: object, *names: str) -> None:
    for name in names:
        value = getattr(policy, name)
        if value is not None and value <= 0:
            kind = type(policy).__name__
            raise ConfigError(f"{kind}.{name} is {value}; it must be more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Attempts, waits and what may be paid twice. `max_attempts` counts all targets together.

    `retries_per_target` bounds what the class "backoff" allows; `wait_s_max` is the longest
    Retry-After that is waited for (never beyond the deadline); `allow_duplicate_spend` lets a
    request that the vendor may have accepted be sent once more.
    """

    max_attempts: int = 4
    retries_per_target: int = 2
    backoff_base_s: float = 0.25
    backoff_cap_s: float = 8.0
    wait_s_max: float = 30.0
    allow_duplicate_spend: bool = True

    def __post_init__(self) -> None:
        _positive(self, "max_attempts", "backoff_base_s", "backoff_cap_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBudgetPolicy:
    """How many attempts beyond the first may be made over all calls (Finagle's RetryBudget):
    a `ratio` of the calls of the last `ttl_s` seconds, plus `min_per_s`.

    `throttle_k` adds the client-side throttle of Google's SRE book: a call is refused with
    probability max(0, (calls - k * accepted) / (calls + 1)); None leaves it out.
    """

    ttl_s: float = 10.0
    ratio: float = 0.2
    min_per_s: float = 10.0
    throttle_k: float | None = None

    def __post_init__(self) -> None:
        _positive(self, "ttl_s", "throttle_k")


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """When a target is left alone, and for how long.

    It opens at `consecutive` failures in a row, or when of at least `ratio_min` outcomes in
    `window_s` the share `ratio` failed, or the share `slow_ratio` was slow (None: never). It
    stays open min(`open_cap_s`, `open_base_s` * 2^(k-1)), up to `jitter` of that more, k being
    the number of times it opened without `healthy_s` of health between. Half-open it lets
    `permits` calls through at a time and closes after `successes` of them.
    """

    window_s: float = 30.0
    buckets: int = 10
    consecutive: int = 5
    ratio: float = 0.5
    ratio_min: int = 10
    slow_ratio: float | None = None
    open_base_s: float = 5.0
    open_cap_s: float = 300.0
    jitter: float = 0.1
    permits: int = 1
    successes: int = 1
    healthy_s: float = 60.0

    def __post_init__(self) -> None:
        _positive(self, "window_s", "buckets", "consecutive", "ratio", "ratio_min")
        _positive(self, "slow_ratio", "open_base_s", "open_cap_s", "permits", "successes")


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgePolicy:
    """A second target is asked when the first has shown nothing for a while; never with tools.

    The while is `delay_s`, or else the 95th percentile of the first target's own TTFT once
    `samples_min` of them are known. Both are paid for; the loser is cancelled.
    """

    enabled: bool = False
    delay_s: float | None = None
    samples_min: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPolicy:
    """What becomes of a stream that fails after something was shown: `terminate` raises
    StreamInterrupted, `restart` says StreamReset and begins anew, `continue` lets another target
    that supports prefill go on with the text after a Seam.

    Before that, up to `buffer_events` events and `buffer_bytes` bytes are kept back. An event that
    cannot be read may hide a piece of the answer: before anything was shown the attempt fails
    where another can be made, else the caller is told by a Gap. Lines that are no events are
    passed over. More than `malformed_max` of both are a failure, with 0 every one.
    `hold_back_chars` keeps back that much of the visible beginning too, so that a target which
    writes it slower than `chars_per_s_min` can still be left for another.
    """

    mode: Literal["terminate", "restart", "continue"] = "terminate"
    buffer_events: int = 64
    buffer_bytes: int = 256 * 1024
    malformed_max: int = 5
    hold_back_chars: int = 0
    chars_per_s_min: float | None = None

    def __post_init__(self) -> None:
        _positive(self, "buffer_events", "buffer_bytes", "chars_per_s_min")
        if self.chars_per_s_min is not None and self.hold_back_chars <= 0:
            raise ConfigError(
                "StreamPolicy.chars_per_s_min needs something to measure: set hold_back_chars"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Providers (or target ids) that stand for each other, and how one of them is chosen."""

    name: str
    members: tuple[str, ...]
    strategy: StrategyName | None = None

    def __post_init__(self) -> None:
        if not self.members:
            raise ConfigError(f"group {self.name!r} is empty; name at least one provider in it")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """Tasks that match every field given go to `group` (a group's or a provider's name).

    Empty sets match all; `complexity_min` and `complexity_max` and `quality_min` run from 0
    to 1; `latency_ms_max` matches tasks that need at least that speed.
    """

    group: str
    task_types: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    complexity_min: float = 0.0
    complexity_max: float = 1.0
    quality_min: float = 0.0
    latency_ms_max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterPolicy:
    """All of it together.

    `deadline_s` is for calls that name none. `all_open` says what happens when every target is
    unavailable: `probe` asks the least bad one, one call at a time; `wait` waits for the
    earliest within the deadline; `fail` fails at once. `opt_in` names the error classes whose
    `next` is "opt_in" that shall fall back; `fallbacks` sends a class to targets of its own, in
    order, before the plan's. `sticky` keeps a prompt's beginning on the target that has it in
    its cache. `key_dead_s` is how long a refused key is left alone, `renew_every_s` how often the
    hold of an attempt that is still running is renewed, `cleanup_s` how long closing may take.
    """

    strategy: StrategyName = "order"
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    retry_budget: RetryBudgetPolicy = field(default_factory=RetryBudgetPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    hedge: HedgePolicy = field(default_factory=HedgePolicy)
    stream: StreamPolicy = field(default_factory=StreamPolicy)
    deadline_s: float = 600.0
    all_open: Literal["probe", "wait", "fail"] = "probe"
    opt_in: frozenset[str] = frozenset()
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sticky: bool = False
    key_dead_s: float = 3600.0
    renew_every_s: float = 60.0
    cleanup_s: float = 5.0

    def __post_init__(self) -> None:
        _positive(self, "deadline_s", "key_dead_s", "renew_every_s", "cleanup_s")
        for name in (*self.opt_in, *self.fallbacks):
            if name not in ERROR_CLASSES:
                known = ", ".join(ERROR_CLASSES)
                raise ConfigError(f"{name!r} is no error class; there are: {known}")
