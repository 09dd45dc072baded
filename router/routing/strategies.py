"""How suited targets are ranked: one function a strategy, all in one table.

A strategy gets the endpoints in their configured order and gives them back in the order in
which they shall be asked, each with its reason. All randomness comes from the view's generator.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..accounting import RateCard
from ..money import format_usd
from ..setup import Endpoint
from ..state import RouterState
from ..types import LLMRequest

__all__ = ["STRATEGIES", "Ranked", "Strategy", "View"]

# What a target that was never measured is taken to need until its first token.
_LATENCY_ASSUMED_S = 1.0
Ranked = list[tuple[Endpoint, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that a strategy may look at."""

    request: LLMRequest
    state: RouterState
    card: Callable[[Endpoint], RateCard]
    rng: random.Random
    now_s: float
    streamed: bool


Strategy = Callable[[Sequence[Endpoint], View], Ranked]


def order(endpoints: Sequence[Endpoint], view: View) -> Ranked:
    return [(endpoint, f"number {n} in order") for n, endpoint in enumerate(endpoints, 1)]


def weighted(endpoints: Sequence[Endpoint], view: View) -> Ranked:
    return [
        (endpoint, f"drawn with weight {endpoint.target.weight:g}")
        for endpoint in _drawn([(e, e.target.weight) for e in endpoints], view.rng)
    ]


def cheapest(endpoints: Sequence[Endpoint], view: View) -> Ranked:
    """By what this request will probably cost there."""
    priced = [(view.card(e).expected(view.request), e) for e in endpoints]
    priced.sort(key=lambda pair: pair[0])
    return [(e, f"expected to cost {format_usd(pico)}") for pico, e in priced]


def price_power(endpoints: Sequence[Endpoint], view: View) -> Ranked:
    """At random, with weights of one over the square of the price: as OpenRouter balances."""
    priced = [(e, view.card(e).expected(view.request)) for e in endpoints]
    least = min((pico for _, pico in priced if pico), default=1)
    free = [(e, 1.0) for e, pico in priced if not pico]
    paid = [(e, (least / pico) ** 2) for e, pico in priced if pico]
    ranked = [*_drawn(free, view.rng), *_drawn(paid, view.rng)]
    return [(e, "drawn with weight 1/price^2") for e in ranked]


def latency(endpoints: Sequence[Endpoint], view: View) -> Ranked:
    """The better of two drawn at random, by peak EWMA latency x calls in flight; then again."""
    left = list(endpoints)
    ranked: Ranked = []
    while left:
        pair = view.rng.sample(left, min(2, len(left)))
        best = min(pair, key=lambda e: _latency_cost(e, view))
        left.remove(best)
        ranked.append((best, f"latency x load is {_latency_cost(best, view):.3f} s"))
    return ranked


def least_busy(endpoints: Sequence[Endpoint], view: View) -> Ranked:
    shuffled = view.rng.sample(list(endpoints), len(endpoints))
    busy = {e.target.id: view.state.of(e.target).in_flight for e in endpoints}
    shuffled.sort(key=lambda e: busy[e.target.id])
    return [(e, f"{busy[e.target.id]} calls in flight") for e in shuffled]


def rate_headroom(endpoints: Sequence[Endpoint], view: View) -> Ranked:
    """The one with the most of its rate limit left first."""
    share = {}
    for endpoint in endpoints:
        headroom = view.state.of(endpoint.target).headroom
        share[endpoint.target.id] = headroom.share(view.now_s) if headroom else 1.0
    ranked = sorted(endpoints, key=lambda e: -share[e.target.id])
    return [(e, f"{share[e.target.id]:.0%} of its rate is left") for e in ranked]


def quality(endpoints: Sequence[Endpoint], view: View) -> Ranked:
    """The best first; of equals the cheaper."""
    ranked = sorted(
        endpoints, key=lambda e: (-e.target.quality, view.card(e).expected(view.request))
    )
    return [(e, f"quality {e.target.quality:g}") for e in ranked]


def _latency_cost(endpoint: Endpoint, view: View) -> float:
    told_ms = endpoint.target.latency_ms or endpoint.client.latency_ms
    assumed_s = told_ms / 1000 if told_ms else _LATENCY_ASSUMED_S
    return view.state.of(endpoint.target).load(view.streamed).cost(assumed_s)


def _drawn(weighted_: list[tuple[Endpoint, float]], rng: random.Random) -> list[Endpoint]:
    """A random order in which each place is drawn by weight (Efraimidis and Spirakis 2006);
    what weighs nothing comes last."""
    keyed = [(rng.random() ** (1 / weight) if weight > 0 else -1.0, e) for e, weight in weighted_]
    keyed.sort(key=lambda pair: -pair[0])
    return [endpoint for _, endpoint in keyed]


STRATEGIES: dict[str, Strategy] = {
    "order": order,
    "weighted": weighted,
    "cheapest": cheapest,
    "latency": latency,
    "least_busy": least_busy,
    "rate_headroom": rate_headroom,
    "price_power": price_power,
    "quality": quality,
}
