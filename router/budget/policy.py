"""Limits as a program writes them, and which of them a call falls into.

What belongs here: frozen values and the naming of accounts. What must not: holding anything, or
knowing a store.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from ..accounting import Claim
from ..errors import ConfigError
from ..ledger.base import Scope
from ..money import Usd, pico_from_usd
from ..pricing import OUTPUT_TOKENS_DEFAULT
from ..windows import Window

__all__ = ["EVERYTHING", "CostManagementPolicy", "Limit", "Mode", "StoreDown"]

Mode = Literal["strict", "clamp", "downgrade", "queue", "soft", "observe"]
StoreDown = Literal["closed", "open"]

EVERYTHING = "all"
"""The account without a limit in which every attempt is counted, so that each has its row."""

_PER = ("", "task", "provider", "model", "target", "key", "tag:<name>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `usd` in each `window`: 0 admits nothing, None everything.

    `per` gives each value an account of its own: "task", "provider", "model", "target", "key" or
    "tag:<name>"; "" is one account for all. A call that names no task is one of its own, whose
    account ends with it. `only` narrows the limit to calls with these values:
    `{"tag:team": "research", "provider": "openai"}`. A call that lacks the value is not limited.

    `mode` decides what happens to a call that does not fit: `strict` refuses it, `clamp` lowers
    its max_tokens, `downgrade` lets a cheaper target be tried, `queue` waits for other calls to
    settle, `soft` holds only what such calls usually cost (`soft_percent` of them cost no more),
    `observe` lets it through. `store_down` "open" lets calls through while the store is down.
    None takes the policy's. At `warn_percent` of the limit an event tells.

    Raises ConfigError for a wrong word, TypeError for a float, ValueError for a negative amount.
    """

    name: str
    usd: Usd | None
    per: str = ""
    only: Mapping[str, str] = field(default_factory=dict)
    window: Window = field(default_factory=Window)
    mode: Mode | None = None
    warn_percent: int | None = None
    store_down: StoreDown | None = None
    soft_percent: int = 90
    limit_pico: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "limit_pico", None if self.usd is None else pico_from_usd(self.usd)
        )
        for key in (self.per, *self.only):
            if key not in _PER[:-1] and not (key.startswith("tag:") and len(key) > len("tag:")):
                words = ", ".join(repr(word) for word in _PER)
                raise ConfigError(f"limit {self.name!r}: {key!r} is none of {words}")
        _check_words(self.name, self.mode, self.store_down, self.warn_percent)
        if not 1 <= self.soft_percent <= 100:
            raise ConfigError(f"limit {self.name!r}: soft_percent is from 1 to 100")

    def scope(self, claim: Claim, wall_s: float, mode: Mode) -> Scope | None:
        """The account in which this limit counts a claim now; None where it does not apply."""
        if any(_value(claim, key) != value for key, value in self.only.items()):
            return None
        key = _value(claim, self.per) if self.per else ""
        if self.per and not key:
            return None
        return self.account(key, wall_s, mode)

    def ends_with(self, claim: Claim) -> bool:
        """Whether its account ends with the claim's call: a task without a name is the call."""
        return self.per == "task" and not claim.task

    def account(self, key: str, wall_s: float, mode: Mode) -> Scope:
        """Its account at a moment; `key` is the value of `per` that it is kept for."""
        slot = self.window.at(wall_s)
        return Scope(
            name=self.name,
            key=key,
            window=slot.id,
            limit_pico=self.limit_pico,
            rolling_s=self.window.rolling_s,
            resets_at_s=slot.resets_at_s,
            enforced=mode != "observe",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostManagementPolicy:
    """All limits of a program: for each task, each day and each month in a time zone, and any
    others. Amounts are exact US dollars: `daily_usd="10"` or `Decimal("0.05")`, never a float.

        CostManagementPolicy(per_task_usd="0.05", daily_usd="10", monthly_usd="200",
                             zone="Europe/Berlin", warn_percent=80)

    `output_tokens_default` is what an answer may have where neither the call nor the target
    bounds it: a limited call is sent with it as its max_tokens, else no bound could be held.
    Clamping never goes below `clamp_tokens_min`. A hold lives `hold_ttl_s` unless it is renewed.
    """

    per_task_usd: Usd | None = None
    daily_usd: Usd | None = None
    monthly_usd: Usd | None = None
    zone: str = "UTC"
    limits: tuple[Limit, ...] = ()
    mode: Mode = "strict"
    warn_percent: int = 80
    store_down: StoreDown = "closed"
    output_tokens_default: int = OUTPUT_TOKENS_DEFAULT
    clamp_tokens_min: int = 16
    hold_ttl_s: float = 900.0
    _all: tuple[Limit, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_all", (*self._usual(), *self.limits))
        _check_words("policy", self.mode, self.store_down, self.warn_percent)
        for name in ("output_tokens_default", "clamp_tokens_min", "hold_ttl_s"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be more than 0")
        names = [limit.name for limit in self.all_limits()]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice or EVERYTHING in names:
            raise ConfigError(f"limit {twice or EVERYTHING!r}: the name is taken; give it another")

    def all_limits(self) -> tuple[Limit, ...]:
        """The limits by task, day and month where they are set, and the others."""
        return self._all

    def _usual(self) -> tuple[Limit, ...]:
        given = (
            ("task", self.per_task_usd, "task", Window()),
            ("daily", self.daily_usd, "", Window(span="day", zone=self.zone)),
            ("monthly", self.monthly_usd, "", Window(span="month", zone=self.zone)),
        )
        return tuple(
            Limit(name=name, usd=usd, per=per, window=window)
            for name, usd, per, window in given
            if usd is not None
        )

    def mode_of(self, limit: Limit) -> Mode:
        """A limit's own, or that of all."""
        return limit.mode or self.mode

    def store_down_of(self, limit: Limit) -> StoreDown:
        """A limit's own, or that of all."""
        return limit.store_down or self.store_down

    def warn_percent_of(self, limit: Limit) -> int:
        """A limit's own, or that of all."""
        return self.warn_percent if limit.warn_percent is None else limit.warn_percent

    def applying(self, claim: Claim, wall_s: float) -> Iterator[tuple[Limit, Scope]]:
        """The limits that a claim falls into, each with its account."""
        for limit in self.all_limits():
            scope = limit.scope(claim, wall_s, self.mode_of(limit))
            if scope is not None:
                yield limit, scope


def _check_words(
    name: str, mode: str | None, store_down: str | None, warn_percent: int | None
) -> None:
    if mode is not None and mode not in get_args(Mode):
        raise ConfigError(f"{name}: mode {mode!r} is none of {', '.join(get_args(Mode))}")
    if store_down is not None and store_down not in get_args(StoreDown):
        raise ConfigError(f"{name}: store_down {store_down!r} is none of closed, open")
    if warn_percent is not None and not 0 < warn_percent <= 100:
        raise ConfigError(f"{name}: warn_percent is {warn_percent}; it is from 1 to 100")


def _value(claim: Claim, key: str) -> str:
    """What a claim has under a word of `per` or `only`; "" for nothing."""
    match key:
        case "task":
            return claim.task or claim.call_id  # a call that names no task is one of its own
        case "provider":
            return claim.target.provider
        case "model":
            return f"{claim.target.provider}/{claim.target.model}"
        case "target":
            return claim.target.id
        case "key":
            return claim.target.key_scope
        case _:
            return claim.tags.get(key.removeprefix("tag:"), "")
