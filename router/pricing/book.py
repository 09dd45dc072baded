"""Which rates hold for a target: the configuration's own, genai-prices', or a marked guess.

What belongs here: the order of sources, the memory of what was resolved, the choice about
unknown prices. What must not: arithmetic, or the data model of genai-prices.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Literal

from ..errors import UnknownPrice
from ..money import Usd, exact_fraction
from ..types import Target
from . import genai
from .card import TargetCard
from .kinds import REQUESTS, fee_name
from .rates import Rates

__all__ = ["CUSTOM", "FREE_PROVIDERS", "RESOLVED_MAX", "Price", "PriceBook"]

RESOLVED_MAX = 4096
"""How many resolved rate cards a book remembers; beyond it the oldest is resolved anew."""

FREE_PROVIDERS = frozenset({"ollama", "mock"})
"""What runs on one's own machine costs nothing a token. A price in the configuration overrides."""

CUSTOM = "configuration"
_MTOK = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price that the program sets itself, in US dollars for a million tokens: exact amounts,
    `Decimal("2.50")` or `"2.50"`. `provider` and `model` say whose; model "*" is every model of
    the provider. What is left out is billed as ordinary input or output; `requests_usd` is a fee
    for each request, `tools_usd` for each call of a vendor-run tool. `like` takes all prices from
    a model that genai-prices knows: "openai/gpt-4o".

    Raises ValueError for a negative amount, TypeError for a float.
    """

    provider: str
    model: str = "*"
    input_usd_per_mtok: Usd | None = None
    output_usd_per_mtok: Usd | None = None
    cached_read_usd_per_mtok: Usd | None = None
    cache_write_5m_usd_per_mtok: Usd | None = None
    cache_write_1h_usd_per_mtok: Usd | None = None
    reasoning_usd_per_mtok: Usd | None = None
    requests_usd: Usd | None = None
    tools_usd: tuple[tuple[str, Usd], ...] = ()
    like: str = ""

    def __post_init__(self) -> None:
        named = f"price of {self.provider}/{self.model}"
        rates = self.rates()
        if any(usd < 0 for usd in rates.values()):
            raise ValueError(f"{named} is negative: a price is 0 (free) or more")
        if self.like and rates:
            raise ValueError(f'{named}: write either amounts or like = "{self.like}", not both')
        if not self.like and not {"input_tokens", "output_tokens"} <= set(rates):
            raise ValueError(
                f"{named} needs input_usd_per_mtok and output_usd_per_mtok; write 0 for free"
            )
        if self.like and "/" not in self.like:
            raise ValueError(f'{named}: like is "provider/model", as in like = "openai/gpt-4o"')

    def rates(self) -> dict[str, Fraction]:
        """US dollars a token or call."""
        per_mtok = {
            "input_tokens": self.input_usd_per_mtok,
            "output_tokens": self.output_usd_per_mtok,
            "cache_read_tokens": self.cached_read_usd_per_mtok,
            "cache_write_tokens": self.cache_write_5m_usd_per_mtok,
            "cache_write_1h_tokens": self.cache_write_1h_usd_per_mtok,
            "output_reasoning_tokens": self.reasoning_usd_per_mtok,
        }
        rates = {k: exact_fraction(v) / _MTOK for k, v in per_mtok.items() if v is not None}
        rates.update((fee_name(tool), exact_fraction(usd)) for tool, usd in self.tools_usd)
        if self.requests_usd is not None:
            rates[REQUESTS] = exact_fraction(self.requests_usd)
        return rates


_Key = tuple[str, str, str, str]


class PriceBook:
    """Prices of every target; satisfies `accounting.PriceBook`.

    `unknown` decides about a model that has no price anywhere: "error" raises UnknownPrice when
    its card is asked for, "estimate" takes the model of the same provider with the nearest name,
    and every record says so. `batch` prices everything as batch processing.
    """

    def __init__(
        self,
        prices: Iterable[Price] = (),
        *,
        unknown: Literal["error", "estimate"] = "error",
        batch: bool = False,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._own = {(price.provider.lower(), price.model.lower()): price for price in prices}
        self._unknown = unknown
        self._batch = batch
        self._wall = wall
        self._resolved: dict[_Key, list[Rates]] = {}

    def card(self, target: Target, *, at: datetime | None = None) -> TargetCard:
        """The card of a target at a time, None for now. Raises UnknownPrice."""
        at_s = self._wall() if at is None else at.timestamp()
        ordinary = self.rates(target.provider, target.model, base_url=target.base_url, at_s=at_s)

        def rates_of(tier: str) -> Rates:
            if not tier:
                return ordinary
            return self.rates(
                target.provider, target.model, base_url=target.base_url, at_s=at_s, tier=tier
            )

        return TargetCard(target=target, rates=ordinary, rates_of=rates_of)

    def rates(
        self,
        provider: str,
        model: str,
        *,
        base_url: str = "",
        at_s: float | None = None,
        tier: str = "",
    ) -> Rates:
        """The rates of a model under a service tier at a time. Raises UnknownPrice."""
        at_s = self._wall() if at_s is None else at_s
        key = (provider.lower(), model.lower(), base_url, tier)
        for rates in self._resolved.get(key, ()):
            if rates.valid_from_s <= at_s < rates.valid_until_s:
                return rates
        rates = self._resolve(provider, model, base_url, at_s, tier)
        while len(self._resolved) >= RESOLVED_MAX:
            self._resolved.pop(next(iter(self._resolved)), None)
        # Spans of time of one model; a new list, so that no thread sees one half changed.
        self._resolved[key] = [rates, *self._resolved.get(key, ())][:32]
        return rates

    def _resolve(self, provider: str, model: str, base_url: str, at_s: float, tier: str) -> Rates:
        condition = genai.Condition(tier=tier, batch=self._batch)
        own = self._own.get((provider.lower(), model.lower())) or self._own.get(
            (provider.lower(), "*")
        )
        if own is not None and not own.like:
            return Rates.of(provider, model, {-1: own.rates()}, version=CUSTOM)
        if own is None and provider.lower() in FREE_PROVIDERS:
            return Rates.free(provider, model, version="free: runs locally")
        like, _, like_model = own.like.partition("/") if own else (provider, "", model)
        found = genai.find(like, like_model, "" if own else base_url)
        rates = found and genai.rates_at(found, condition, at_s)
        return rates or self._guess(like, like_model, condition, at_s)

    def _guess(self, provider: str, model: str, condition: genai.Condition, at_s: float) -> Rates:
        near = genai.nearest(provider, model)
        if self._unknown == "estimate":
            for name in near:
                found = genai.find(provider, name)
                rates = found and genai.rates_at(found, condition, at_s)
                if rates:
                    return replace(rates, guess=f"no price of {model} is known: taken as {name}'s")
        hint = f" The nearest known: {', '.join(near)}." if near else ""
        raise UnknownPrice(
            f"no price of {provider}/{model} is known.{hint} Write it under"
            f' [prices."{provider}/{model}"] as input_usd_per_mtok and output_usd_per_mtok'
            ' (0 for free), or like = "provider/model"'
            + ("." if self._unknown == "estimate" else '; or [prices] unknown = "estimate".')
        )
