"""Integer rate cards against genai-prices' own Decimal results, over all models that it knows."""

import decimal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from router.errors import ConfigError
from router.money import PICO_PER_USD, divide_half_even
from router.pricing import PriceBook, genai
from router.pricing.kinds import FEES, KINDS
from router.pricing.rates import Rates
from router.types import Target, Usage

genai_prices = pytest.importorskip("genai_prices")

AT = datetime(2026, 11, 1, 20, tzinfo=UTC)
USAGES = {
    "plain": Usage(input=1_003, output=507),
    "cached": Usage(input=11, cached_read=2_049, cache_write_5m=1_025, output=3, reasoning=2),
    "hour": Usage(input=1, cached_read=7, cache_write_5m=5, cache_write_1h=1_111, output=1),
    "at_200k": Usage(input=100_000, cached_read=100_000, output=9),
    "over_200k": Usage(input=100_001, cached_read=100_000, output=9),
    "over_272k": Usage(input=272_001, cached_read=0, cache_write_5m=3, output=70_001),
    "search": Usage(input=10, output=10, server_tool_calls={"web_search": 3}),
}


def asked(usage: Usage) -> "genai_prices.Usage":
    """The same usage in genai-prices' words."""
    return genai_prices.Usage(
        input_tokens=usage.input_total,
        cache_read_tokens=usage.cached_read,
        cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
        cache_write_5m_tokens=usage.cache_write_5m,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_tokens=usage.output,
        output_reasoning_tokens=usage.reasoning,
        web_searches=usage.server_tool_calls.get("web_search", 0),
    )


def concerns(name: str, rates: Rates) -> bool:
    """Whether the usage can tell this card from one of another kind: their answer takes time."""
    kinds = rates.levels[0].rates
    if name in ("hour", "search"):
        return {"hour": "cache_write_1h_tokens", "search": "web_searches"}[name] in kinds
    return len(rates.levels) > 1 or name in ("plain", "cached")


def every_model() -> Iterator[genai.Found]:
    from genai_prices.data import providers

    for provider in providers:
        for model in provider.models:
            yield genai.Found(provider=provider, model=model)


@pytest.mark.parametrize("name", USAGES)
@pytest.mark.parametrize("context", [{}, {"processing": "batch"}, {"service_tier": "priority"}])
def test_every_model_costs_what_genai_prices_says(name: str, context: dict[str, str]) -> None:
    """Wherever genai-prices has all the prices it takes, the integers come to the same amount."""
    usage, same = USAGES[name], 0
    condition = genai.Condition(
        tier=context.get("service_tier", ""), batch=context.get("processing") == "batch"
    )
    for found in every_model():
        if context and not found.model.price_variants:
            continue
        rates = genai.rates_at(found, condition, AT.timestamp())
        if rates is None or rates.guess or not concerns(name, rates):
            continue
        cost = rates.cost(usage)
        with decimal.localcontext(prec=60):
            theirs = found.model.calc_price(
                asked(usage),
                found.provider,
                genai_request_timestamp=AT,
                price_context=context,
            ).total_price
        if cost.exact:
            exact = Fraction(theirs) * PICO_PER_USD
            assert cost.pico == divide_half_even(exact.numerator, exact.denominator), found.model.id
            same += 1
    everywhere, standard = name in ("plain", "cached"), not context
    assert same >= {(True, True): 1_500, (False, True): 5, (True, False): 15}.get(
        (everywhere, standard), 0
    )


def test_a_missing_batch_price_is_never_the_standard_price_in_silence() -> None:
    """Where no batch price is listed, genai-prices tells the standard one; here it is half, and a
    guess."""
    found = genai.find("anthropic", "claude-3-5-haiku-latest")
    assert found
    before = datetime(2025, 1, 1, tzinfo=UTC)
    batch = genai.rates_at(found, genai.Condition(batch=True), before.timestamp())
    standard = genai.rates_at(found, genai.Condition(), before.timestamp())
    assert batch and standard and "batch price" in batch.guess
    theirs = genai_prices.calc_price(
        genai_prices.Usage(input_tokens=10**6),
        "claude-3-5-haiku-latest",
        provider_id="anthropic",
        genai_request_timestamp=before,
        price_context={"processing": "batch"},
    )
    million = Usage(input=10**6)
    assert standard.cost(million).pico == int(theirs.total_price * PICO_PER_USD)
    assert 2 * batch.cost(million).pico == standard.cost(million).pico
    assert not batch.cost(million).exact


def test_an_unlisted_tier_is_a_guess() -> None:
    """A service tier that the model has no price for is marked; the ordinary words are not."""
    found = genai.find("openai", "gpt-4")
    assert found
    tiers = {
        t: genai.rates_at(found, genai.Condition(tier=t), AT.timestamp())
        for t in ("default", "scale")
    }
    assert tiers["default"] and not tiers["default"].guess
    assert tiers["scale"] and "service tier 'scale'" in tiers["scale"].guess


def test_prices_of_the_past_hold_at_their_date() -> None:
    """o3 cost $10 a million input tokens until 10 June 2025, and $2 from then on."""
    book, target = PriceBook(), Target(provider="openai", model="o3")
    million = Usage(input=10**6)
    cost = {
        day: book.card(target, at=datetime(2025, 6, day, tzinfo=UTC)).cost(million)
        for day in (9, 10, 9, 11)
    }
    assert cost == {9: 10 * PICO_PER_USD, 10: 2 * PICO_PER_USD, 11: 2 * PICO_PER_USD}


def test_prices_by_the_hour_change_within_the_day() -> None:
    """A price that holds for some hours is resolved anew when they are over."""
    found = next(
        found
        for found in every_model()
        if isinstance(found.model.prices, list)
        and any(hasattr(price.constraint, "start_time") for price in found.model.prices)
    )
    hours = [datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in range(24)]
    book, million = PriceBook(), Usage(input=10**6, output=10**6)
    target = Target(provider=found.provider.id, model=found.model.id)
    for at in hours + hours:
        theirs = found.model.calc_price(
            asked(million), found.provider, genai_request_timestamp=at
        ).total_price
        assert book.card(target, at=at).cost(million) == theirs * PICO_PER_USD


def test_the_kinds_are_genai_prices_kinds() -> None:
    """Names and inclusion of the kinds of tokens are exactly those of genai-prices' units."""
    from genai_prices.data_units import unit_data

    tokens = {
        name: frozenset((k, v) for k, v in unit["dimensions"].items() if k != "family")
        for name, unit in unit_data.items()
        if unit["dimensions"]["family"] == "tokens"
    }
    assert tokens == dict(KINDS)
    assert set(FEES) <= set(unit_data)


def test_free_is_said_and_unknown_is_not_free() -> None:
    """A model listed without a price is free only where its name says so."""
    listed = [f for f in every_model() if not f.model.get_prices(AT).__dict__]
    rates = {f.model.id: genai.rates_at(f, genai.Condition(), AT.timestamp()) for f in listed}
    assert {name for name, found in rates.items() if found} == {
        name for name in rates if name.endswith((":free", "-free"))
    }
    assert Decimal(0) == sum(r.cost(Usage(input=5)).pico for r in rates.values() if r)


def test_without_the_package_what_to_install_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody installed an SDK and not the extra of the router."""
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)
    with pytest.raises(ConfigError, match=r"pip install 'pytest-llmsim\[router\]'"):
        genai.find("openai", "gpt-4o")
