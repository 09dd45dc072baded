"""From a request to an ordered plan: select, filter, rank, and say why.

It looks at state and changes none. What is asked after a failure is `decision.py`'s.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ..accounting import RateCard
from ..errors import ConfigError
from ..options import CallOptions
from ..setup import Endpoint, RouterSetup
from ..state import RouterState
from ..types import Candidate, LLMRequest, Plan, ToolCall
from .filters import availability, needs_of, unsuited
from .selection import select
from .strategies import STRATEGIES, Ranked, Strategy, View
from .tasks import by_needs

__all__ = ["Planned", "make_plan", "prefix_of"]

# As many characters of a prompt's beginning decide whether two prompts share a cache.
_PREFIX_CHARS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The plan as shown, and every suited endpoint in rank order, available now or not."""

    plan: Plan
    endpoints: tuple[Endpoint, ...]
    cards: Mapping[str, RateCard]


def make_plan(
    setup: RouterSetup,
    state: RouterState,
    request: LLMRequest,
    options: CallOptions,
    *,
    now_s: float,
    streamed: bool,
    priced: bool = False,
    strategies: Mapping[str, Strategy] = STRATEGIES,
) -> Planned:
    """`priced` also computes what each candidate would cost. Raises UnknownProvider for a name
    in the chain that is none, UnknownPrice for a target without one."""
    selection = select(setup, options)
    cards = {e.target.id: setup.prices.card(e.target) for e in selection.endpoints}
    needs = needs_of(request, options, streamed=streamed)
    suited: list[Endpoint] = []
    skipped: list[Candidate] = []
    for endpoint in selection.endpoints:
        card = cards[endpoint.target.id]
        if why := unsuited(endpoint, needs, request, card, options):
            skipped.append(Candidate(target=endpoint.target, refused=why))
        else:
            suited.append(endpoint)
    view = View(
        request=request,
        state=state,
        card=lambda endpoint: cards[endpoint.target.id],
        rng=state.rng,
        now_s=now_s,
        streamed=streamed,
    )
    ranked = _ranked(suited, selection.strategy, view, options, strategies)
    if options.sticky or (options.sticky is None and setup.policy.sticky):
        ranked = _stuck_first(ranked, state.stuck_to(prefix_of(request)))
    ranked.sort(key=lambda pair: pair[0].target.fallback)
    candidates: list[Candidate] = []
    for endpoint, reason in ranked:
        now = availability(endpoint, state, setup.policy.breaker, now_s)
        refused = now.reason
        target, card = endpoint.target, cards[endpoint.target.id]
        candidate = Candidate(
            target=target,
            refused=refused,
            reasons=(reason,),
            bound_pico=card.upper_bound(request) if priced else None,
            expected_pico=card.expected(request) if priced else None,
        )
        (skipped if refused else candidates).append(candidate)
    plan = Plan(
        candidates=tuple(candidates),
        skipped=tuple(skipped),
        group=selection.group,
        strategy=str(selection.strategy),
        version=setup.version,
    )
    return Planned(plan=plan, endpoints=tuple(e for e, _ in ranked), cards=cards)


def prefix_of(request: LLMRequest) -> str:
    """A digest of what a vendor's prompt cache would share: tools, system, the first turn."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(",".join(tool.name for tool in request.tools).encode())
    digest.update((request.system or "")[:_PREFIX_CHARS].encode())
    first = request.messages[0]
    texts = (part.name if isinstance(part, ToolCall) else "" for part in first.parts)
    digest.update((first.text or "".join(texts))[:_PREFIX_CHARS].encode())
    return digest.hexdigest()


def _ranked(
    suited: list[Endpoint],
    name: str,
    view: View,
    options: CallOptions,
    strategies: Mapping[str, Strategy],
) -> Ranked:
    strategy = strategies.get(name)
    if strategy is None:
        known = ", ".join(strategies)
        raise ConfigError(f"there is no strategy {name!r}; there are: {known}")
    ranked = strategy(suited, view)
    if options.context is not None and options.chain is None:
        ranked = by_needs(ranked, options.context, view)
    return ranked


def _stuck_first(ranked: Ranked, target_id: str) -> Ranked:
    for place, (endpoint, reason) in enumerate(ranked):
        if endpoint.target.id == target_id:
            kept = (endpoint, f"has this prompt's beginning in its cache; {reason}")
            return [kept, *ranked[:place], *ranked[place + 1 :]]
    return ranked
