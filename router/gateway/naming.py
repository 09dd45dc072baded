"""From the name of a model to whom the router may ask: the keywords of one call.

A name is looked up in `[gateway] models`, then it is `auto` (the router's own rules), a group, a
provider, a target, or a model that some target has; else `[gateway] unknown_models` decides.
"""

import difflib
from typing import Any

from ..config.schema import GatewayTable
from ..errors import UnknownProvider
from ..options import read_keywords
from ..routing.selection import resolve, select
from ..setup import Endpoint, RouterSetup
from .values import Asked, BadRequest

__all__ = [
    "AUTO",
    "extra_of",
    "known_names",
    "table_of",
    "target_keywords",
    "target_of_name",
    "wire_of",
]

AUTO = "auto"


def table_of(setup: RouterSetup) -> GatewayTable:
    """The `[gateway]` table of the configuration in force; its defaults where there is none."""
    found = getattr(setup, "gateway", None)
    return found if isinstance(found, GatewayTable) else GatewayTable()


def known_names(setup: RouterSetup) -> tuple[str, ...]:
    """Every name that a caller may use, `auto` first, each once."""
    names = [AUTO, *table_of(setup).models, *(group.name for group in setup.groups)]
    for endpoint in setup.endpoints:
        target = endpoint.target
        names += [target.model, target.provider, f"{target.provider}/{target.model}"]
    return tuple(dict.fromkeys(names))


def target_keywords(
    setup: RouterSetup, asked: Asked, wire: str, keywords: dict[str, Any]
) -> dict[str, Any]:
    """`group` or `chain` for the call that has these other keywords. Raises BadRequest (404) for a
    name that is none, (400) where no target of the caller's wire is among those it stands for."""
    chosen = target_of_name(setup, asked.model)
    if not asked.same_wire:
        return chosen
    options, _ = read_keywords({**keywords, **chosen})
    selection = select(setup, options)
    same = [e.target.id for e in selection.endpoints if wire_of(e) == wire]
    if not same:
        fields = ", ".join(asked.passed) or "service_tier"
        raise BadRequest(
            f"{fields} can only be passed on to a target that speaks this API, and"
            f" {asked.model!r} stands for none; leave it out",
            param=fields,
            kind="unsupported",
        )
    return {"chain": same, "strategy": selection.strategy}


def extra_of(setup: RouterSetup, asked: Asked, wire: str) -> dict[str, dict[str, Any]]:
    """`LLMRequest.extra`: what goes, as it came, to the targets of the caller's wire."""
    fields = {**asked.hints, **asked.passed}
    if not fields:
        return {}
    return {e.client.name: fields for e in setup.endpoints if wire_of(e) == wire}


def target_of_name(setup: RouterSetup, name: str) -> dict[str, Any]:
    """The keywords of what a name stands for. Raises BadRequest (404) for one that is none."""
    table = table_of(setup)
    stands_for = table.models.get(name, name)
    found = _named(setup, stands_for)
    if found is None and table.unknown_models:
        found = _named(setup, table.unknown_models)
    if found is None:
        known = known_names(setup)
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise BadRequest(
            f"there is no model {name!r}.{hint} There are: {', '.join(known)}. [gateway]"
            " unknown_models of the configuration can send other names somewhere",
            param="model",
            status=404,
            kind="not_found",
        )
    return found


def _named(setup: RouterSetup, name: str) -> dict[str, Any] | None:
    if name == AUTO:
        return {}
    if any(group.name == name for group in setup.groups):
        return {"group": name}
    try:
        resolve(setup, name)
        return {"group": name}
    except UnknownProvider:
        same = [e.target.id for e in setup.endpoints if e.target.model == name]
        return {"chain": same, "strategy": setup.policy.strategy} if same else None


def wire_of(endpoint: Endpoint) -> str:
    """The form of what its client sends, "" if it does not say."""
    return str(getattr(endpoint.client, "wire", ""))
