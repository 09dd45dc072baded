"""What must not go unnoticed: unmatched requests, rules that nothing matched, broken scripts."""

from collections.abc import Iterable, Mapping
from typing import Literal

from ..behaviour.matching import difference
from ..behaviour.scenario import Rule, Script
from .explain import Taken, explain_unused
from .journal import Exchange

__all__ = ["Unused", "problems"]

Unused = Literal["error", "allow"]


def problems(
    provider: str,
    script: Script,
    used: Mapping[int, int],
    exchanges: Iterable[Exchange],
    unused: Unused,
) -> list[str]:
    """Each problem of one provider in words, oldest first; a repeated one once."""
    seen = list(exchanges)
    found = list(dict.fromkeys(e.problem for e in seen if e.problem is not None))
    idle = [rule for rule in script.rules if rule.expected and not used.get(rule.number)]
    if idle and unused == "error":
        taken = {r.number: t for r in idle if (t := _taken(r, seen)) is not None}
        found.append(explain_unused(provider, idle, len(seen), taken))
    return found


def _taken(idle: Rule, exchanges: Iterable[Exchange]) -> Taken | None:
    """The first request that `idle` is for and a rule before it answered. A rule with a function
    is not tried again: the function is the test's own, and may count its calls."""
    if not idle.decides or idle.match.where is not None:
        return None
    for exchange in exchanges:
        rule, request = exchange.rule, exchange.request
        if rule is None or request is None or rule.number > idle.number:
            continue
        if idle.speaks_to(request) and not difference(idle.match, request, exchange.headers):
            return Taken(exchange.number, rule)
    return None
