"""From the tables of a configuration to a setup.

What belongs here: what the tables mean together, and what a reload keeps. What must not: reading,
the conversion of single values, clients, amounts. A reload hands in the setup before it: what did
not change goes over, so that connections, sums of costs and the ledger go on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ..accounting import CostSink
from ..budget import LedgerBudget
from ..costs import CostTracker
from ..ledger.store import Store
from ..policy import Group, RouterPolicy, TaskRule
from ..setup import RouterSetup
from .amounts import make_policy, make_prices, open_ledger
from .fill import Filler, nearest
from .providers import Clients, Made, Placed, make_endpoints
from .schema import GatewayTable

__all__ = ["LoadedSetup", "build"]

_SECTIONS = ("providers", "router", "groups", "rules", "budget", "prices", "gateway")


@dataclass(frozen=True, kw_only=True)
class LoadedSetup(RouterSetup):
    """A setup that remembers what it was made from, so that the next one can take it over."""

    clients: Clients = field(default_factory=dict, repr=False)
    ledger: tuple[str, Store] | None = None
    gateway: GatewayTable | None = None


def build(
    filler: Filler, environ: Mapping[str, str], *, folder: Path, before: RouterSetup | None = None
) -> LoadedSetup:
    """The setup. Raises ConfigError with every problem found, before anything is asked."""
    tree = filler.source.tree
    for key in tree:
        if key not in _SECTIONS:
            filler.problem((key,), f"there is no such table; {nearest(key, _SECTIONS)}")
    kept = before if isinstance(before, LoadedSetup) else None
    made = make_endpoints(filler, tree.get("providers", []), environ, kept.clients if kept else {})
    groups = _groups(filler, tree.get("groups", {}))
    rules = _rules(filler, tree.get("rules", []))
    gateway = filler.table(GatewayTable, tree.get("gateway", {}), ("gateway",))
    if made.endpoints:
        _check_members(filler, made, groups, rules)
    if made.endpoints and not made.failed:
        _check_names(filler, made.endpoints, groups, gateway)
    policy = filler.table(RouterPolicy, tree.get("router", {}), ("router",))
    prices = make_prices(filler, tree.get("prices", {}), made.prices)
    budget = make_policy(filler, tree.get("budget"))
    opened = kept.ledger if kept else None
    if budget is not None and (opened is None or opened[0] != budget[1]):
        store = filler.attempt(("budget", "ledger"), partial(open_ledger, budget[1], folder))
        opened = None if store is None else (budget[1], store)
    filler.check()
    for path, endpoint in made.endpoints:
        # Every target has a price before anything is spent.
        filler.attempt((*path, "model"), partial(prices.card, endpoint.target))
    filler.check()
    costs: CostSink = (before.costs if before else None) or CostTracker()
    setup = LoadedSetup(
        endpoints=tuple(endpoint for _, endpoint in made.endpoints),
        prices=prices,
        groups=groups,
        rules=rules,
        policy=policy or RouterPolicy(),
        costs=costs,
        version=before.version + 1 if before else 1,
        source=filler.source.name,
        clients=made.clients,
        gateway=gateway,
    )
    if budget is None or opened is None:
        return setup
    return replace(setup, budget=LedgerBudget(budget[0], opened[1]), ledger=opened)


def _groups(filler: Filler, tree: object) -> tuple[Group, ...]:
    if not isinstance(tree, Mapping):
        filler.problem(("groups",), "it is a table of tables: [groups.<name>]")
        return ()
    found = (filler.table(Group, t, ("groups", name), name=name) for name, t in tree.items())
    return tuple(group for group in found if group is not None)


def _rules(filler: Filler, tree: object) -> tuple[TaskRule, ...]:
    if not isinstance(tree, list):
        filler.problem(("rules",), "it is a list of tables: [[rules]]")
        return ()
    found = (filler.table(TaskRule, table, ("rules", n)) for n, table in enumerate(tree))
    return tuple(rule for rule in found if rule is not None)


def _check_members(
    filler: Filler, made: Made, groups: tuple[Group, ...], rules: tuple[TaskRule, ...]
) -> None:
    """Every name in a group or a rule is the name of something, be it of one with a problem."""
    targets = [endpoint.target for _, endpoint in made.endpoints]
    names = list(dict.fromkeys((*(target.provider for target in targets), *sorted(made.failed))))
    ids = [name for t in targets for name in (t.id, f"{t.provider}/{t.model}")]
    for group in groups:
        for number, member in enumerate(group.members):
            if member not in (*names, *ids) and member.partition("/")[0] not in made.failed:
                filler.problem(
                    ("groups", group.name, "members", number),
                    f'there is no provider "{member}"; {nearest(member, names)}',
                )
    known = [*(group.name for group in groups), *names]
    for number, rule in enumerate(rules):
        if rule.group not in (*known, *ids) and rule.group.partition("/")[0] not in made.failed:
            filler.problem(
                ("rules", number, "group"),
                f'there is no group or provider "{rule.group}"; {nearest(rule.group, known)}',
            )


def _check_names(
    filler: Filler,
    endpoints: list[Placed],
    groups: tuple[Group, ...],
    gateway: GatewayTable | None,
) -> None:
    """Every name that the gateway's callers may use stands for something."""
    if gateway is None:
        return
    known = ["auto", *(group.name for group in groups)]
    for _, endpoint in endpoints:
        target = endpoint.target
        known += [target.provider, target.model, f"{target.provider}/{target.model}", target.id]
    known = list(dict.fromkeys(known))
    named: dict[tuple[str, ...], str] = {
        ("gateway", "models", name): to for name, to in gateway.models.items()
    }
    if gateway.unknown_models:
        named["gateway", "unknown_models"] = gateway.unknown_models
    for path, to in named.items():
        if to not in known:
            filler.problem(
                path, f'there is no group, provider or model "{to}"; {nearest(to, known)}'
            )
