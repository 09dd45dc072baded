"""Which endpoints a call is about at all: its chain, its group, its task's rule, or all of them.

Names are resolved here and nowhere else. Whether a target can serve is `filters.py`'s question.
"""

import difflib
from dataclasses import dataclass

from ..errors import UnknownProvider
from ..options import CallOptions
from ..policy import Group, StrategyName, TaskRule
from ..setup import Endpoint, RouterSetup
from ..types import TaskContext

__all__ = ["Selection", "resolve", "select"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The endpoints in their configured order, and how they are to be ranked."""

    endpoints: tuple[Endpoint, ...]
    strategy: StrategyName | str
    group: str = ""


def select(setup: RouterSetup, options: CallOptions) -> Selection:
    """Raises UnknownProvider for a name that is none."""
    default = options.strategy or setup.policy.strategy
    if options.chain is not None:
        chosen = _without_repetition([e for name in options.chain for e in resolve(setup, name)])
        return Selection(endpoints=chosen, strategy=options.strategy or "order", group="chain")
    name = options.group or _ruled(setup.rules, options.context)
    if not name:
        return Selection(endpoints=setup.endpoints, strategy=default)
    group = _group(setup, name)
    if group is None:
        return Selection(endpoints=resolve(setup, name), strategy=default, group=name)
    members = _without_repetition([e for member in group.members for e in resolve(setup, member)])
    strategy = options.strategy or group.strategy or default
    return Selection(endpoints=members, strategy=strategy, group=name)


def resolve(setup: RouterSetup, name: str) -> tuple[Endpoint, ...]:
    """The endpoints that a name stands for: a target's id, `provider/model`, or a provider."""
    found = tuple(
        endpoint
        for endpoint in setup.endpoints
        if name in (endpoint.target.id, endpoint.target.provider)
        or name == f"{endpoint.target.provider}/{endpoint.target.model}"
    )
    if found:
        return found
    known = list(dict.fromkeys(e.target.provider for e in setup.endpoints))
    known += [group.name for group in setup.groups]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    there_are = ", ".join(known) or "none: register one with register_provider(name, client)"
    raise UnknownProvider(f"there is no provider {name!r}{hint} There are: {there_are}")


def _group(setup: RouterSetup, name: str) -> Group | None:
    return next((group for group in setup.groups if group.name == name), None)


def _ruled(rules: tuple[TaskRule, ...], context: TaskContext | None) -> str:
    """The group of the first rule that the task matches, "" if there is none."""
    if context is None:
        return ""
    return next((rule.group for rule in rules if _matches(rule, context)), "")


def _matches(rule: TaskRule, context: TaskContext) -> bool:
    latency_ms = context.latency_required_ms
    return (
        (not rule.task_types or context.task_type in rule.task_types)
        and (not rule.domains or context.domain in rule.domains)
        and rule.complexity_min <= context.complexity <= rule.complexity_max
        and context.quality_requirement >= rule.quality_min
        and (
            rule.latency_ms_max is None
            or (latency_ms is not None and latency_ms <= rule.latency_ms_max)
        )
    )


def _without_repetition(endpoints: list[Endpoint]) -> tuple[Endpoint, ...]:
    return tuple({endpoint.target.id: endpoint for endpoint in endpoints}.values())
