"""Setups made in code: an empty one, one of mocks, one with one more provider.

Those made from files and variables are `config.py`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .accounting import PriceBook, RateCard
from .clients.base import LLMClient, check_client
from .errors import ConfigError, UnknownPrice
from .setup import Endpoint, RouterSetup
from .types import Target

if TYPE_CHECKING:
    from .costs import CostTracker

__all__ = ["OwnPrices", "empty_setup", "mock_setup", "new_costs", "with_provider"]

_MOCKS = ("claude", "openai", "mock")
_THOUSANDS_PER_MILLION = 1000


class OwnPrices:
    """A price book in which some targets have the price that their client tells of itself."""

    def __init__(self, base: PriceBook, own: Mapping[str, PriceBook]) -> None:
        self.base = base
        self.own = own

    def card(self, target: Target, *, at: datetime | None = None) -> RateCard:
        return self.own.get(target.id, self.base).card(target, at=at)


def empty_setup() -> RouterSetup:
    """No provider yet; prices from genai-prices."""
    from .pricing import PriceBook as Book

    return RouterSetup(endpoints=(), prices=Book(), costs=new_costs())


def mock_setup(names: Sequence[str], responses: Sequence[str] | None) -> RouterSetup:
    from .clients.mock import MockLLMClient

    setup = empty_setup()
    for name in names or _MOCKS:
        client = MockLLMClient(name)
        if responses:
            client.with_responses(responses)
        setup = with_provider(setup, name, client, {})
    return replace(setup, source="mocks")


def with_provider(
    setup: RouterSetup, name: str, client: LLMClient, target_fields: Mapping[str, Any]
) -> RouterSetup:
    """Raises ConfigError for a name that is taken, a client that is none, a field that no target
    has."""
    check_client(name, client)
    known = {f.name for f in fields(Target)} - {"provider"}
    if unknown := sorted(set(target_fields) - known):
        raise ConfigError(f"a target has no {unknown[0]!r}; it has {', '.join(sorted(known))}")
    described = {"model": client.model, "latency_ms": client.latency_ms or None, **target_fields}
    target = Target(provider=name, **described)
    prices = _priced(setup.prices, target, client)
    return replace(
        setup, endpoints=(*setup.endpoints, Endpoint(target=target, client=client)), prices=prices
    )


def new_costs() -> "CostTracker":
    from .costs import CostTracker

    return CostTracker()


def _priced(prices: PriceBook, target: Target, client: LLMClient) -> PriceBook:
    """The book with this target in it: mocks are free, and a model that no list knows costs what
    its client says."""
    from .clients.mock import MockLLMClient

    if not isinstance(client, MockLLMClient):
        try:
            prices.card(target)
            return prices
        except UnknownPrice:
            pass
    from .pricing import Price
    from .pricing import PriceBook as Book

    per_mtok = client.cost_per_1k_tokens * _THOUSANDS_PER_MILLION
    price = Price(
        provider=target.provider, input_usd_per_mtok=per_mtok, output_usd_per_mtok=per_mtok
    )
    base, own = (prices.base, prices.own) if isinstance(prices, OwnPrices) else (prices, {})
    return OwnPrices(base, {**own, target.id: Book([price])})
