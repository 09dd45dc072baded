"""What must not go unnoticed: unmatched requests, rules that nothing matched, broken scripts."""

from collections.abc import Iterable, Mapping
from typing import Literal

from ..behaviour.scenario import Script
from .explain import explain_unused
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
        found.append(explain_unused(provider, idle, len(seen)))
    return found
