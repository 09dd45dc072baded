"""Reads the genai-prices package: which model is meant, and its rates at one instant.

What belongs here: all knowledge of that package's data model. What must not: overrides, choices
about unknown prices. It is imported on the first question, not before: it takes a third of a
second to import and 60 MB to hold.

Its own answer is mended in three places. A batch price that it does not have is not the standard
price: it is the documented share of it, marked as a guess. A service tier that it does not have
for a model is not the standard price either: a guess. A model that it lists without any price is
unknown, unless its name says that it is free.
"""

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .kinds import FEES, KINDS
from .rates import Rates

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

__all__ = ["Condition", "Found", "context_tokens_max", "find", "nearest", "rates_at"]

NOT_INSTALLED = (
    "the list of prices, the package 'genai-prices', is not installed: "
    "run pip install 'pytest-llmsim[router]', or give every model its own price"
)

# What this project calls a provider, where genai-prices does not recognise the word itself.
_PROVIDERS = {"claude": "anthropic", "gemini": "google"}

# Words that the vendors' own usage objects use for their ordinary price.
_STANDARD = frozenset({"", "auto", "default", "on_demand", "standard", "standard_only"})

# Documented for every model: https://platform.claude.com/docs/en/build-with-claude/batch-processing
# ("50% of the standard API prices"), https://platform.openai.com/docs/guides/batch ("50% cost
# discount"), https://ai.google.dev/gemini-api/docs/batch-api ("50% of the standard cost"),
# https://docs.mistral.ai/capabilities/batch/ ("50% discount"), https://console.groq.com/docs/batch.
_BATCH_HALF = frozenset({"anthropic", "openai", "google", "mistral", "groq"})

_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What besides the model decides the price. `tier` is a service tier as the vendor says it."""

    tier: str = ""
    batch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A model of genai-prices."""

    provider: "Provider"
    model: "ModelInfo"


def find(provider: str, model: str, base_url: str = "") -> Found | None:
    """The model that is meant, None where genai-prices knows none.

    By the provider's name first, and by its address where the name says nothing. A provider that
    neither tells is never guessed from the model's name: a proxy has its own prices. Raises
    ConfigError where the package is not installed.
    """
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError as problem:
        raise ConfigError(NOT_INSTALLED) from problem

    snapshot = get_snapshot()
    named = _PROVIDERS.get(provider.lower(), provider)
    for provider_id, url in ((named, None), (None, base_url)):
        if provider_id or url:
            try:
                found = snapshot.find_provider_model(model, None, provider_id, url)
            except LookupError:
                continue
            return Found(provider=found[0], model=found[1])
    return None


def nearest(provider: str, model: str) -> list[str]:
    """Models of that provider whose names are nearest, best first; [] if it is not known."""
    from genai_prices.data_snapshot import find_provider_by_id, get_snapshot

    known = find_provider_by_id(
        get_snapshot().providers, _PROVIDERS.get(provider.lower(), provider)
    )
    names = [info.id for info in known.models if _has_price(info)] if known else []
    return difflib.get_close_matches(model.lower(), names, n=3, cutoff=0.5)


def context_tokens_max(found: Found) -> int | None:
    """The model's context window, where genai-prices tells it."""
    return found.model.context_window


def rates_at(found: Found, condition: Condition, at_s: float) -> Rates | None:
    """The rates at an instant (seconds since the Unix epoch); None where it lists no price."""
    at = datetime.fromtimestamp(at_s, UTC)
    variant, missing = _variant(found, condition, at)
    price = found.model.get_prices(at, variant)
    levels = _levels(price)
    if not levels:
        return _free(found)
    guess = ""
    if missing == "batch":
        share = _HALF if found.provider.id in _BATCH_HALF else Fraction(1)
        levels = {over: _share(rates, share) for over, rates in levels.items()}
        said = "half the standard price" if share == _HALF else "the standard price"
        guess = f"batch price of {found.model.id} is not known at that date: {said}"
    elif missing:
        guess = f"price of service tier {missing!r} of {found.model.id} is not known: standard"
    return Rates.of(
        found.provider.id,
        found.model.id,
        levels,
        version=_version(variant),
        guess=guess,
        valid_s=_validity(found.model, at),
        context_tokens_max=found.model.context_window,
    )


def _variant(found: Found, condition: Condition, at: datetime) -> tuple[dict[str, str], str]:
    """The context to ask with, and what of the condition has no price there."""
    tier = condition.tier.lower()
    if condition.batch or tier == "batch":
        wanted, missing = {"processing": "batch"}, "batch"
    elif tier in _STANDARD:
        return {}, ""
    elif found.provider.id == "anthropic" and tier == "fast":
        wanted, missing = {"speed": "fast"}, tier
    else:
        wanted, missing = {"service_tier": tier}, tier
    known = any(
        variant.when == wanted and (variant.constraint is None or variant.constraint.active(at))
        for variant in found.model.price_variants or ()
    )
    return (wanted, "") if known else ({}, missing)


def _levels(price: "ModelPrice") -> dict[int, dict[str, Fraction]]:
    """US dollars a token or call, by the prompt length they are over; {} without any price."""
    from genai_prices.types import TieredPrices
    from genai_prices.units import _get_registry

    registry = _get_registry()
    listed: dict[str, tuple[Any, int]] = {}
    for key, value in price.__dict__.items():
        unit = registry.unit_for_price_key(key) if value is not None else None
        if unit is not None and (unit.usage_key in KINDS or unit.usage_key in FEES):
            listed[unit.usage_key] = (value, unit.per)
    starts = {-1} if listed else set()
    for value, _ in listed.values():
        if isinstance(value, TieredPrices):
            starts.update(tier.start for tier in value.tiers)
    levels: dict[int, dict[str, Fraction]] = {}
    for over in sorted(starts):
        levels[over] = {}
        for kind, (value, per) in listed.items():
            usd = value
            if isinstance(value, TieredPrices):
                reached = [tier.price for tier in value.tiers if tier.start <= over]
                usd = reached[-1] if reached else value.base
            levels[over][kind] = Fraction(usd) / per
    return levels


def _share(rates: Mapping[str, Fraction], share: Fraction) -> dict[str, Fraction]:
    """Tokens at a share of their price; fees a call are not discounted."""
    return {kind: usd * share if kind in KINDS else usd for kind, usd in rates.items()}


def _has_price(info: "ModelInfo") -> bool:
    prices = info.prices if isinstance(info.prices, list) else None
    last = prices[-1].prices if prices else info.prices
    return any(value is not None for value in last.__dict__.values())


def _free(found: Found) -> Rates | None:
    if not found.model.id.endswith((":free", "-free")):
        return None
    return Rates.free(found.provider.id, found.model.id, version=_version({}))


def _version(variant: Mapping[str, str]) -> str:
    return "/".join([f"genai-prices {version('genai-prices')}", *variant.values()])


def _validity(model: "ModelInfo", at: datetime) -> tuple[float, float]:
    """Since when and until when the same price holds, as far as can be told in seconds."""
    moments = list(_changes(model, at))
    before = [moment.timestamp() for moment in moments if moment <= at]
    after = [moment.timestamp() for moment in moments if moment > at]
    return max(before, default=-math.inf), min(after, default=math.inf)


def _changes(model: "ModelInfo", at: datetime) -> Iterator[datetime]:
    """Every instant near `at` at which some constraint of the model changes its mind."""
    from genai_prices.types import StartDateConstraint, TimeOfDateConstraint

    conditional = model.prices if isinstance(model.prices, list) else []
    for holder in (*conditional, *(model.price_variants or ())):
        match holder.constraint:
            case StartDateConstraint(start_date=day):
                yield datetime(day.year, day.month, day.day, tzinfo=UTC)
            case TimeOfDateConstraint(start_time=start, end_time=end):
                for days in (-1, 0, 1):
                    day = at.date() + timedelta(days=days)
                    for moment in (start, end):
                        yield datetime.combine(day, _aware(moment)).astimezone(UTC)


def _aware(moment: time) -> time:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
