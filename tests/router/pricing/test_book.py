"""Where a price comes from, what happens when there is none, and what a card makes of it."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import UnknownPrice
from router.money import PICO_PER_USD, divide_up
from router.pricing import OUTPUT_TOKENS_DEFAULT, Price, PriceBook
from router.pricing.rates import Rates
from router.pricing.tokens import input_bound, input_estimate, text_estimate
from router.types import Image, LLMRequest, Message, Target, Text, Tool, ToolCall, Usage

SONNET = Target(provider="claude", model="claude-sonnet-4-5")
AT = datetime(2026, 11, 1, tzinfo=UTC)
MTOK = Usage(input=10**6)


def request(text: str = "Hi.", **fields: Any) -> LLMRequest:
    return LLMRequest(messages=(Message.user(text),), **fields)


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        (Usage(input=1_000, output=1_000), "0.018"),
        (Usage(input=1_000, cached_read=10_000), "0.006"),
        (Usage(cache_write_5m=1_000), "0.00375"),
        (Usage(cache_write_1h=1_000), "0.006"),
        (Usage(input=200_000), "0.6"),
        (Usage(input=1, cached_read=200_000), "0.120006"),
        (Usage(server_tool_calls={"web_search_requests": 3}), "0.03"),
        (Usage(output=10, reasoning=10), "0.00015"),
    ],
)
def test_what_claude_costs(usage: Usage, usd: str) -> None:
    """Cached reads and writes, the long prompt's tier and searches at their published prices."""
    card = PriceBook().card(SONNET, at=AT)
    assert card.cost(usage) == int(Decimal(usd) * PICO_PER_USD)


def test_the_tier_of_the_answer_decides() -> None:
    """What the vendor says that it served is what is billed: priority costs more, batch half."""
    card = PriceBook().card(Target(provider="openai", model="gpt-4o"), at=AT)
    costs = {
        tier: card.cost(Usage(input=10**6, service_tier=tier))
        for tier in (None, "default", "priority", "batch")
    }
    assert [Decimal(pico) / PICO_PER_USD for pico in costs.values()] == [
        Decimal("2.5"),
        Decimal("2.5"),
        Decimal("4.25"),
        Decimal("1.25"),
    ]


def test_a_book_for_batches() -> None:
    """Everything at the batch price, where the configuration says so."""
    card = PriceBook(batch=True).card(SONNET, at=AT)
    assert card.cost(MTOK) == 3 * PICO_PER_USD and card.version.endswith("/batch")


@pytest.mark.parametrize("provider", ["ollama", "mock"])
def test_what_runs_here_is_free_and_says_so(provider: str) -> None:
    """A local model costs nothing by an explicit card, not for want of a price."""
    card = PriceBook().card(Target(provider=provider, model="anything"))
    assert (card.cost(MTOK), card.is_estimate, card.version) == (0, False, "free: runs locally")


def test_a_written_price_goes_before() -> None:
    """The program's own price overrides genai-prices, and Ollama's nothing."""
    book = PriceBook(
        [
            Price(provider="claude", input_usd_per_mtok=1, output_usd_per_mtok="2.5"),
            Price(provider="ollama", input_usd_per_mtok="0.01", output_usd_per_mtok=0),
            Price(provider="mine", model="m", like="openai/gpt-4o"),
        ]
    )
    assert book.card(SONNET).cost(Usage(input=10**6, output=10**6)) == 35 * 10**11
    assert book.card(Target(provider="ollama", model="m")).cost(MTOK) == 10**10
    assert book.card(Target(provider="mine", model="m"), at=AT).cost(MTOK) == 25 * 10**11


def test_a_price_of_its_own_for_each_kind() -> None:
    """Cached, written, reasoning tokens, requests and tools can each have a price."""
    price = Price(
        provider="p",
        input_usd_per_mtok=10,
        output_usd_per_mtok=20,
        cached_read_usd_per_mtok=1,
        cache_write_5m_usd_per_mtok=12,
        cache_write_1h_usd_per_mtok=15,
        reasoning_usd_per_mtok=30,
        requests_usd="0.001",
        tools_usd=(("web_search", "0.01"), ("my_tool", "0.5")),
    )
    usage = Usage(
        input=1,
        cached_read=2,
        cache_write_5m=3,
        cache_write_1h=4,
        output=5,
        reasoning=2,
        server_tool_calls={"web_search": 1, "my_tool": 2},
    )
    tokens = (10 + 2 + 3 * 12 + 4 * 15 + 3 * 20 + 2 * 30) * 10**6
    cost = PriceBook([price]).card(Target(provider="p", model="m")).cost(usage)
    assert cost == tokens + 10**9 + 10**10 + 10**12


def test_an_unknown_price_is_an_error() -> None:
    """Never a silent 0: the error names the nearest models and the lines to write."""
    with pytest.raises(UnknownPrice) as unknown:
        PriceBook().card(Target(provider="claude", model="claude-sonet-4-5"))
    text = str(unknown.value)
    assert "no price of claude/claude-sonet-4-5 is known" in text
    assert "claude-sonnet-4-5" in text and '[prices."claude/claude-sonet-4-5"]' in text


def test_an_unknown_price_is_an_estimate_by_choice() -> None:
    """Then the nearest model of the same provider stands in, and every amount says so."""
    card = PriceBook(unknown="estimate").card(Target(provider="openai", model="gpt-4oo"), at=AT)
    cost = card.priced(MTOK)
    assert card.is_estimate and not cost.exact and cost.pico > 0
    assert cost.notes[0].startswith("no price of gpt-4oo is known: taken as gpt-4o")
    with pytest.raises(UnknownPrice):
        PriceBook(unknown="estimate").card(Target(provider="nobody", model="m"))


def test_a_proxy_is_not_taken_for_the_vendor() -> None:
    """A model's name alone is no price: who serves it decides, by name or by address."""
    book = PriceBook()
    with pytest.raises(UnknownPrice):
        book.card(Target(provider="proxy", model="gpt-4o", base_url="https://proxy.test/v1"))
    served = Target(provider="mine", model="gpt-4o", base_url="https://api.openai.com/v1")
    assert book.card(served, at=AT).cost(MTOK) == 25 * 10**11


def test_what_has_no_price_is_guessed_and_noted() -> None:
    """A count that the card has no rate for costs the dearest one, or is told, never nothing."""
    rates = Rates.of("p", "m", {-1: {"input_tokens": Fraction(1, 10**6)}}, version="test")
    cost = rates.cost(Usage(input=1, output=5, server_tool_calls={"magic": 2}))
    assert cost.pico == 6 * 10**6 and not cost.exact
    assert cost.notes == ("5 output_tokens of m have no price", "2 magic of m have no price")


def test_parts_above_their_whole_count_as_they_are() -> None:
    """A vendor that reports more reasoning than output is billed for it, not refused."""
    price = Price(
        provider="p", input_usd_per_mtok=0, output_usd_per_mtok=1, reasoning_usd_per_mtok=2
    )
    card = PriceBook([price]).card(Target(provider="p", model="m"))
    assert card.cost(Usage(output=3, reasoning=5)) == 10 * 10**6


@pytest.mark.parametrize(
    ("fields", "error", "says"),
    [
        ({"input_usd_per_mtok": 0.5, "output_usd_per_mtok": 1}, TypeError, "money is exact"),
        ({"input_usd_per_mtok": -1, "output_usd_per_mtok": 1}, ValueError, "p/m is negative"),
        ({"input_usd_per_mtok": 1}, ValueError, "p/m needs input_usd_per_mtok and output_usd"),
        ({"like": "gpt-4o"}, ValueError, 'like is "provider/model"'),
        ({"like": "a/b", "requests_usd": 1}, ValueError, "write either amounts or like"),
    ],
)
def test_prices_that_make_no_sense(
    fields: dict[str, Any], error: type[Exception], says: str
) -> None:
    """A float, a negative, half a price and a contradiction are refused when written."""
    with pytest.raises(error, match=says):
        Price(provider="p", model="m", **fields)


@given(
    kinds=st.lists(st.integers(0, 300_000), min_size=4, max_size=4),
    output=st.integers(0, 5_000),
    target=st.sampled_from(
        [
            ("claude", "claude-sonnet-4-5"),
            ("openai", "gpt-5.6-sol"),
            ("openai", "gpt-4o-mini"),
            ("gemini", "gemini-2.5-pro"),
        ]
    ),
    n=st.integers(1, 3),
)
def test_no_usage_within_the_bounds_costs_more_than_the_hold(
    kinds: list[int], output: int, target: tuple[str, str], n: int
) -> None:
    """Whatever was read from or written to a cache, whatever tier it reached: the hold covers."""
    rates = PriceBook().rates(*target, at_s=AT.timestamp())
    usage = Usage(
        input=kinds[0],
        cached_read=kinds[1],
        cache_write_5m=kinds[2],
        cache_write_1h=kinds[3],
        output=output * n,
        reasoning=output // 2,
    )
    hold = rates.worst_case(usage.input_total, output, n=n, cache_write="1h")
    assert rates.cost(usage).pico <= hold


@given(st.fractions(0, 1, max_denominator=10**9), st.integers(0, 10**7))
def test_any_price_is_exact_to_one_rounding(usd_per_mtok: Fraction, tokens: int) -> None:
    """However fine the price: one rounding to the nearest pico-dollar, the hold rounded up."""
    level = {"input_tokens": usd_per_mtok / 10**6, "output_tokens": Fraction(0)}
    rates = Rates.of("p", "m", {-1: level}, version="test")
    exact = usd_per_mtok * 10**6 * tokens
    assert rates.cost(Usage(input=tokens)).pico == round(exact)
    assert rates.worst_case(tokens, 0) == divide_up(exact.numerator, exact.denominator)


@given(st.text(max_size=200))
def test_estimates_stay_within_the_bounds(text: str) -> None:
    """An estimate is never more than the bound, and text is never estimated at nothing."""
    assert input_estimate(request(text)) <= input_bound(request(text))
    assert text_estimate(text) <= max(len(text.encode("utf-8", "surrogatepass")), 0)
    assert bool(text_estimate(text)) == bool(text)


def test_everything_that_is_read_as_prompt_counts() -> None:
    """System, tools, calls and images raise the bound; what an answer may have is bounded."""
    plain = request()
    card = PriceBook().card(SONNET, at=AT)
    richer = [
        request(system="Be brief."),
        request(tools=(Tool(name="look", parameters={"type": "object", "title": "x" * 99}),)),
        LLMRequest(messages=(Message.assistant(ToolCall(name="f", arguments={"a": 1})),) * 2),
        LLMRequest(messages=(Message.user("Hi.", Image(url="https://x.test/i.png")),)),
    ]
    assert all(card.input_tokens(other) > card.input_tokens(plain) for other in richer)
    bounds = [card.upper_bound(plain, output_tokens_max=n) for n in (0, OUTPUT_TOKENS_DEFAULT)]
    assert bounds[1] == card.upper_bound(plain) == bounds[0] + 4096 * 15 * 10**6


def test_asking_for_a_cache_raises_the_hold() -> None:
    """A prompt that is to be written to Claude's cache is held at the price of writing it."""
    card = PriceBook().card(SONNET, at=AT)
    asked = LLMRequest(messages=(Message.user(Text("Hi.", cache="1h")),))
    plain, written = (card.upper_bound(r, output_tokens_max=0) for r in (request(), asked))
    assert written == 2 * plain


def test_a_partial_answer_is_estimated() -> None:
    """An answer that was cut off is taken to have cost its prompt and what came of it."""
    card = PriceBook().card(SONNET, at=AT)
    usage = card.partial(request("word " * 100), output_text="some words here")
    assert 100 <= usage.input <= 200 and 3 <= usage.output <= 8
    assert card.partial(request(), output_text="x", input_billed=False).input == 0
