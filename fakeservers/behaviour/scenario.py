"""What is to happen: one frozen value, and the pure function that decides from it.

The fluent API builds a Scenario, a fake decides by it. Nothing here keeps state: how often a
rule was used is handed in.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from ..canonical import ApiError, ChatRequest, Request
from .faults import Fault, over
from .jobs import INSTANT, Timing
from .matching import Difference, Match, difference
from .models import KnownModels
from .pace import Pace
from .replies import Scripted
from .schedule import ALWAYS, Schedule

__all__ = ["NATURAL", "Decision", "Nearest", "Rule", "Scenario", "Script", "TokenCounts", "decide"]

Unmatched = Literal["error", "natural"]
Impossible = Literal["error", "allow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Token counts to report in place of the counted ones; None leaves the counted one."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """For requests that match: fail with `error`, or say `replies` in turn (the last one again
    when they have run out), at most `times` times and when the `schedule` holds. A rule with
    neither only adds to what another decides: how it leaves (`fault`), how fast (`pace`), which
    token counts it reports (`counts`)."""

    number: int
    match: Match = field(default_factory=Match)
    replies: tuple[Scripted, ...] = ()
    error: ApiError | None = None
    fault: Fault | None = None
    pace: Pace | None = None
    counts: TokenCounts | None = None
    times: int | None = None
    schedule: Schedule = ALWAYS
    written_at: str = ""
    decides: bool = field(init=False, repr=False, compare=False)
    """Whether it says what to answer."""
    refuses: bool = field(init=False, repr=False, compare=False)
    """Whether nobody listens while it holds."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "decides", bool(self.replies) or self.error is not None)
        object.__setattr__(self, "refuses", self.fault is not None and self.fault.refused)

    @property
    def expected(self) -> bool:
        """Whether some request was surely meant to match: not a chance, a time, an outage."""
        return self.schedule.certain and not self.refuses

    def steady(self, now_s: float) -> bool:
        """Whether it does the same each time, until its schedule opens or closes: no number, no
        chance, no function."""
        schedule = self.schedule
        return (
            self.times is None
            and len(self.replies) < 2
            and self.match.where is None
            and (schedule.rate == 1.0 or not schedule.open(now_s))
        )

    def speaks_to(self, request: Request) -> bool:
        """Replies are for generated content, unless the rule names another endpoint."""
        return (
            not self.replies or isinstance(request, ChatRequest) or self.match.endpoint is not None
        )

    def __str__(self) -> str:
        return f"on({self.match})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The rules of one provider, in the order in which they are tried, the rate limits that it
    enforces, when its jobs end, and which models it answers to where that is said."""

    rules: tuple[Rule, ...] = ()
    unmatched: Unmatched = "error"
    impossible: Impossible = "error"
    limits: Mapping[str, int] = field(default_factory=dict)
    jobs: Timing = INSTANT
    models: KnownModels | None = None

    strict: bool = field(init=False, repr=False, compare=False)
    """Whether an unmatched request is an error: only once some reply is scripted."""

    def __post_init__(self) -> None:
        replies = any(rule.replies for rule in self.rules)
        object.__setattr__(self, "strict", self.unmatched == "error" and replies)

    def steady_until_s(self, now_s: float) -> float:
        """Until when the same request, with the same headers, is decided as it is now; `now_s`
        where it need not even be now."""
        if not all(rule.steady(now_s) for rule in self.rules):
            return now_s
        changes = (rule.schedule.next_change_s(now_s) for rule in self.rules)
        return min(changes, default=math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All that the fakes are told: the seed of what is not scripted, and a script a provider."""

    seed: int = 0
    scripts: Mapping[str, Script] = field(default_factory=dict)

    @property
    def faults_end_s(self) -> float:
        """When the last window of a rule that fails is over; 0 when none has a window."""
        rules = (rule for script in self.scripts.values() for rule in script.rules)
        failing = (rule for rule in rules if rule.error is not None or rule.fault is not None)
        return max((w.end_s for rule in failing for w in rule.schedule.windows), default=0.0)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The rule that an unmatched request came closest to, and what kept them apart."""

    rule: Rule
    differences: tuple[Difference, ...]
    used_up: bool = False


@dataclass(slots=True, kw_only=True)
class Decision:
    """What happens to one request; made anew for each. Without a rule it is
    answered naturally, or, when `unmatched`, with an error that names the nearest rule."""

    rule: Rule | None = None
    reply: Scripted | None = None
    fault: Fault | None = None
    pace: Pace | None = None
    counts: tuple[TokenCounts, ...] = ()
    applied: tuple[int, ...] = ()
    unmatched: bool = False
    nearest: Nearest | None = None

    @property
    def error(self) -> ApiError | None:
        return self.rule.error if self.rule is not None else None


NATURAL = Decision()


def decide(
    script: Script,
    request: Request,
    headers: Mapping[str, str],
    used: Mapping[int, int],
    *,
    now_s: float = 0.0,
    draw: Callable[[int], float] = lambda number: 0.0,
) -> Decision:
    """What `script` says of `request`: the first rule that matches and says what to answer
    decides, every other one that matches adds to it, before or after.

    used   how often each rule has been applied
    now_s  seconds since the scenario began
    draw   the request's own number from 0 to 1 for the rule of a number
    """
    if not script.rules:
        return NATURAL
    decision = Decision(unmatched=script.strict and isinstance(request, ChatRequest))
    decided = False
    for rule in script.rules:
        if rule.refuses or not rule.speaks_to(request) or (rule.decides and decided):
            continue
        if not rule.replies and rule.schedule is not ALWAYS and not rule.schedule.open(now_s):
            continue
        apart = difference(rule.match, request, headers)
        spent = rule.times is not None and used.get(rule.number, 0) >= rule.times
        if not apart and not spent:
            if rule.schedule is ALWAYS or rule.schedule.holds(now_s, partial(draw, rule.number)):
                _apply(rule, decision)
                if rule.decides:
                    decision.rule = rule
                    decision.reply = _in_turn(rule, used.get(rule.number, 0))
                    decision.unmatched, decision.nearest = False, None
                    decided = True
        elif rule.replies:
            nearest = decision.nearest
            if nearest is None or len(apart) < len(nearest.differences):
                decision.nearest = Nearest(rule, apart, used_up=spent and not apart)
    return decision


def _apply(rule: Rule, decision: Decision) -> None:
    """Add what the rule says besides deciding; what an earlier rule said stays."""
    decision.applied += (rule.number,)
    if rule.counts is not None:
        decision.counts += (rule.counts,)
    if rule.fault is not None:
        decision.fault = rule.fault if decision.fault is None else over(decision.fault, rule.fault)
    if rule.pace is not None and decision.pace is None:
        decision.pace = rule.pace


def _in_turn(rule: Rule, nth: int) -> Scripted | None:
    return rule.replies[min(nth, len(rule.replies) - 1)] if rule.replies else None
