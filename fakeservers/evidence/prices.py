"""What a provider asks for tokens: the list of the package genai-prices, at one moment.

All knowledge of that package lives here; it is imported on the first question. What was used and
whether it is charged is `bill`'s. Nothing is taken from the router, which prices on its own: that
both come to the same is a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import TYPE_CHECKING

from ..errors import LlmsimError

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

__all__ = ["PICO_PER_USD", "Priced", "PricesMissing", "price"]

PICO_PER_USD = 10**12

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_OF = {"claude": "anthropic", "gemini": "google"}
_FREE = frozenset({"ollama"})
"""What runs on one's own machine costs nothing."""

# Half of the standard price, documented for every model:
# https://platform.claude.com/docs/en/build-with-claude/batch-processing,
# https://platform.openai.com/docs/guides/batch, https://ai.google.dev/gemini-api/docs/batch-api
_BATCH_SHARE = Decimal("0.5")


class PricesMissing(LlmsimError):
    """The list of prices is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """An amount in pico-dollars (10^-12 US dollars), None where no price is known; `note` says
    what had to be assumed, or what is missing."""

    pico: int | None
    note: str = ""


def price(
    provider: str,
    model: str,
    counts: Mapping[str, int],
    *,
    at_s: float,
    tier: str = "",
    batch: bool = False,
) -> Priced:
    """What `counts` come to, by the names of genai-prices (`input_tokens`, ...; a whole includes
    its parts), exact and rounded once, half to even. `at_s` is in epoch seconds.

    Raises PricesMissing without the package.
    """
    if provider in _FREE:
        return Priced(pico=0, note="runs on one's own machine")
    try:
        from genai_prices import Usage
        from genai_prices.data_snapshot import get_snapshot
    except ImportError as problem:
        raise PricesMissing(
            "The bill needs the list of prices: pip install 'pytest-llmsim[router]' "
            "(the package genai-prices)."
        ) from problem
    try:
        seller, info = get_snapshot().find_provider_model(
            model, None, _OF.get(provider, provider), None
        )
    except LookupError:
        return Priced(pico=None, note=f"no price of {model} is known")
    at = datetime.fromtimestamp(at_s, UTC)
    if not _has_price(info.get_prices(at)):
        if info.id.endswith((":free", "-free")):
            return Priced(pico=0, note="free")
        return Priced(pico=None, note=f"no price of {model} is known")
    wanted = {"processing": "batch"} if batch else {"service_tier": tier} if tier else {}
    listed = not wanted or _lists(info, wanted, at)
    with localcontext(_EXACT):
        usd = info.calc_price(
            Usage(**counts),
            seller,
            genai_request_timestamp=at,
            price_context=wanted if wanted and listed else None,
        ).total_price
        if listed:
            return Priced(pico=_pico(usd))
        if batch:
            return Priced(pico=_pico(usd * _BATCH_SHARE), note="batch: half the standard price")
        return Priced(pico=_pico(usd), note=f"no price of tier {tier!r} is known: standard")


def _pico(usd: Decimal) -> int:
    return int((usd * PICO_PER_USD).to_integral_value(ROUND_HALF_EVEN))


def _has_price(prices: "ModelPrice") -> bool:
    return any(value is not None for value in prices.__dict__.values())


def _lists(info: "ModelInfo", wanted: Mapping[str, str], at: datetime) -> bool:
    """Whether there is a price for this condition: without one the package gives the standard
    price and says nothing."""
    return any(
        variant.when == wanted and (variant.constraint is None or variant.constraint.active(at))
        for variant in info.price_variants or ()
    )
