"""What is to happen: one frozen value, and the pure function that decides from it.

The fluent API builds a Scenario, a fake decides by it. Nothing here keeps state: how often a
rule was used is handed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..canonical import ApiError, ChatRequest, Request
from .matching import Difference, Match, difference
from .replies import Scripted

__all__ = ["Decision", "Nearest", "Rule", "Scenario", "Script", "TokenCounts", "decide"]

Unmatched = Literal["error", "natural"]


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
    when they have run out), at most `times` times. A rule with neither only sets `counts`."""

    number: int
    match: Match = field(default_factory=Match)
    replies: tuple[Scripted, ...] = ()
    error: ApiError | None = None
    counts: TokenCounts | None = None
    times: int | None = None
    written_at: str = ""

    @property
    def decides(self) -> bool:
        return bool(self.replies) or self.error is not None

    def speaks_to(self, request: Request) -> bool:
        """Replies are for generated content, unless the rule names another endpoint."""
        return (
            isinstance(request, ChatRequest) or not self.replies or self.match.endpoint is not None
        )

    def __str__(self) -> str:
        return f"on({self.match})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The rules of one provider, in the order in which they are tried."""

    rules: tuple[Rule, ...] = ()
    unmatched: Unmatched = "error"

    @property
    def strict(self) -> bool:
        """Whether an unmatched request is an error: only once some reply is scripted."""
        return self.unmatched == "error" and any(rule.replies for rule in self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All that the fakes are told: the seed of what is not scripted, and a script a provider."""

    seed: int = 0
    scripts: Mapping[str, Script] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The rule that an unmatched request came closest to, and what kept them apart."""

    rule: Rule
    differences: tuple[Difference, ...]
    used_up: bool = False


@dataclass(slots=True, kw_only=True)
class Decision:
    """What happens to one request; made anew for each, and never changed. Without a rule it is
    answered naturally, or, when `unmatched`, with an error that names the nearest rule."""

    rule: Rule | None = None
    reply: Scripted | None = None
    counts: tuple[TokenCounts, ...] = ()
    applied: tuple[int, ...] = ()
    unmatched: bool = False
    nearest: Nearest | None = None

    @property
    def error(self) -> ApiError | None:
        return self.rule.error if self.rule is not None else None


NATURAL = Decision()


def decide(
    script: Script, request: Request, headers: Mapping[str, str], used: Mapping[int, int]
) -> Decision:
    """What `script` says of `request`; `used` tells how often each rule has been applied."""
    if not script.rules:
        return NATURAL
    counts: tuple[TokenCounts, ...] = ()
    applied: tuple[int, ...] = ()
    nearest: Nearest | None = None
    for rule in script.rules:
        if not rule.speaks_to(request):
            continue
        apart = difference(rule.match, request, headers)
        spent = rule.times is not None and used.get(rule.number, 0) >= rule.times
        if not apart and not spent:
            applied += (rule.number,)
            if rule.counts is not None:
                counts += (rule.counts,)
            if rule.decides:
                return Decision(
                    rule=rule,
                    reply=_in_turn(rule, used.get(rule.number, 0)),
                    counts=counts,
                    applied=applied,
                )
        elif rule.replies and (nearest is None or len(apart) < len(nearest.differences)):
            nearest = Nearest(rule, apart, used_up=spent and not apart)
    return Decision(
        counts=counts,
        applied=applied,
        unmatched=script.strict and isinstance(request, ChatRequest),
        nearest=nearest,
    )


def _in_turn(rule: Rule, nth: int) -> Scripted | None:
    return rule.replies[min(nth, len(rule.replies) - 1)] if rule.replies else None
