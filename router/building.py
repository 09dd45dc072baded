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
    from .pricing import Price

__all__ = ["OwnPrices", "empty_setup", "mock_setup", "new_costs", "with_costs", "with_provider"]

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
    setup: RouterSetup,
    name: str,
    client: LLMClient,
    target_fields: Mapping[str, Any],
    price: "Price | None" = None,
) -> RouterSetup:
    """Raises ConfigError for a name that is taken, a client that is none, a field that no target
    has; UnknownPrice for a model whose price nobody tells."""
    check_client(name, client)
    known = {f.name for f in fields(Target)} - {"provider"}
    if unknown := sorted(set(target_fields) - known):
        raise ConfigError(f"a target has no {unknown[0]!r}; it has {', '.join(sorted(known))}")
    described = {"model": client.model, "latency_ms": client.latency_ms or None, **target_fields}
    target = Target(provider=name, **described)
    prices = _priced(setup.prices, target, client, price)
    return replace(
        setup, endpoints=(*setup.endpoints, Endpoint(target=target, client=client)), prices=prices
    )


def with_costs(setup: RouterSetup) -> RouterSetup:
    """The setup with a place for its costs, so that the first call counts already."""
    return setup if setup.costs is not None else replace(setup, costs=new_costs())


def new_costs() -> "CostTracker":
    from .costs import CostTracker

    return CostTracker()


def _priced(
    prices: PriceBook, target: Target, client: LLMClient, price: "Price | None"
) -> PriceBook:
    """The book with this target in it: at the price given, free if it is a mock, as listed, or
    as its client says; a client's 0 is no price, for that is what those say that do not know."""
    from .clients.mock import MockLLMClient
    from .pricing import Price
    from .pricing import PriceBook as Book

    is_mock = isinstance(client, MockLLMClient)
    if price is None and not is_mock:
        try:
            prices.card(target)
            return prices
        except UnknownPrice as error:
            if not client.cost_per_1k_tokens:
                raise UnknownPrice(
                    f"no price of {target.provider}/{target.model} is known: register it with"
                    f" price=Price(provider={target.provider!r}, input_usd_per_mtok=...,"
                    " output_usd_per_mtok=...), 0 for free (router.pricing.Price)"
                ) from error
    if price is None:
        per_mtok = client.cost_per_1k_tokens * _THOUSANDS_PER_MILLION
        price = Price(
            provider=target.provider, input_usd_per_mtok=per_mtok, output_usd_per_mtok=per_mtok
        )
    base, own = (prices.base, prices.own) if isinstance(prices, OwnPrices) else (prices, {})
    return OwnPrices(base, {**own, target.id: Book([price])})
