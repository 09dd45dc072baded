"""A model's rates as integers, and what they make of usage: cost, worst case, expectation.

What belongs here: arithmetic on one rate card. What must not: where rates come from. A rate is a
numerator over the card's one denominator, in pico-dollars a token (or a call): a sum of products
is exact, and is rounded once, half to even for a cost and up for a hold.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from ..money import PICO_PER_USD, divide_half_even, divide_up
from ..types import Usage
from .kinds import KINDS, REQUESTS, counts_of, fee_name, is_part_of, most_specific_first

__all__ = ["CacheWrite", "Cost", "Level", "Line", "Rates"]

CacheWrite = Literal["5m", "1h"]

# The finer kinds of input that a request of this router can hold without being told of.
_INPUT_ALWAYS = ("input_tokens", "input_text_tokens")
_OUTPUT_ALWAYS = ("output_tokens", "output_text_tokens", "output_reasoning_tokens")
_WRITES = ("cache_write_tokens", "cache_write_5m_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What usage cost. Not `exact` where a price had to be guessed; `notes` say which and why."""

    pico: int
    exact: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One position of a bill: `count` of `kind` at `rate` over the card's denominator."""

    kind: str
    count: int
    rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Rates of prompts with more than `over` tokens in all: each applies to every token."""

    over: int
    rates: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Rates:
    """The rates of one model under one condition (service tier, batch), for a span of time.

    `levels` are in rising order, the first over -1. `version` says where the rates come from, for
    the cost record. `guess` is why they are not the true ones, "" where they are. Valid from
    `valid_from_s` until before `valid_until_s`, seconds since the Unix epoch.
    """

    provider: str
    model: str
    version: str
    levels: tuple[Level, ...]
    denominator: int = 1
    guess: str = ""
    valid_from_s: float = -math.inf
    valid_until_s: float = math.inf
    context_tokens_max: int | None = None
    _order: tuple[tuple[str, tuple[str, ...]], ...] = field(init=False, repr=False, compare=False)
    # Six entries at most: what depends on the request's kind alone is computed once.
    _dearest: dict[tuple[CacheWrite | None, bool], tuple[tuple[int, int], ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "_order", most_specific_first(self.levels[0].rates))

    @classmethod
    def of(
        cls,
        provider: str,
        model: str,
        rates: Mapping[int, Mapping[str, Fraction]],
        *,
        version: str,
        guess: str = "",
        valid_s: tuple[float, float] = (-math.inf, math.inf),
        context_tokens_max: int | None = None,
    ) -> "Rates":
        """The card for rates in US dollars a token or call, by the prompt length they are over.

        Every level has the same kinds. The lowest level stands under -1.
        """
        pico = {
            over: {kind: usd * PICO_PER_USD for kind, usd in level.items()}
            for over, level in sorted(rates.items())
        }
        denominator = math.lcm(*(r.denominator for level in pico.values() for r in level.values()))
        return cls(
            provider=provider,
            model=model,
            version=version,
            levels=tuple(
                Level(over=over, rates={k: int(r * denominator) for k, r in level.items()})
                for over, level in pico.items()
            ),
            denominator=denominator,
            guess=guess,
            valid_from_s=valid_s[0],
            valid_until_s=valid_s[1],
            context_tokens_max=context_tokens_max,
        )

    @classmethod
    def free(cls, provider: str, model: str, *, version: str) -> "Rates":
        """The card of what costs nothing, said explicitly: a local model, a mock."""
        nothing = {"input_tokens": Fraction(0), "output_tokens": Fraction(0)}
        return cls.of(provider, model, {-1: nothing}, version=version)

    @property
    def is_free(self) -> bool:
        return not any(rate for level in self.levels for rate in level.rates.values())

    def level(self, input_tokens: int) -> Level:
        """The level of a prompt of so many tokens, cached ones included."""
        found = self.levels[0]
        for level in self.levels[1:]:
            if input_tokens <= level.over:
                break
            found = level
        return found

    def usd_per_unit(self, kind: str, input_tokens: int = 0) -> Fraction | None:
        """US dollars for one token or call of a kind, exact; None where it has no rate."""
        rate = self.level(input_tokens).rates.get(kind)
        return None if rate is None else Fraction(rate, self.denominator * PICO_PER_USD)

    def cost(self, usage: Usage) -> Cost:
        """What this usage costs: exact, rounded half to even once. Never raises.

        Parts that are said to be more than their whole count as they are. A count that has no
        rate, while this model has others, is taken at the dearest of them and noted.
        """
        notes = [self.guess] if self.guess else []
        rates = self.level(usage.input_total).rates
        numerator = 0
        for _, count, rate in self._positions(usage, rates):
            numerator += count * rate
        if self._is_whole and not usage.server_tool_calls:
            pico = divide_half_even(numerator, self.denominator)
            return Cost(pico=pico, exact=not notes, notes=tuple(notes))
        dearest = max((rate for kind, rate in rates.items() if kind in KINDS), default=0)
        for kind, count in self._without_rate(usage):
            notes.append(f"{count} {kind} of {self.model} have no price")
            numerator += count * (dearest if kind in KINDS else 0)
        pico = divide_half_even(numerator, self.denominator)
        return Cost(pico=pico, exact=not notes, notes=tuple(notes))

    def lines(self, usage: Usage) -> Iterator[Line]:
        """The bill's positions: each token at the rate of the most specific kind that has one."""
        rates = self.level(usage.input_total).rates
        for kind, count, rate in self._positions(usage, rates):
            yield Line(kind=kind, count=count, rate=rate)

    def _positions(self, usage: Usage, rates: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
        counts = counts_of(usage)
        leaves: dict[str, int] = {}
        for kind, parts in self._order:
            leaf = counts.get(kind, 0)
            for part in parts:
                leaf -= leaves[part]
            leaves[kind] = max(leaf, 0)
            if leaf > 0:
                yield kind, leaf, rates[kind]
        for tool, count in usage.server_tool_calls.items():
            if count and (fee := fee_name(tool)) in rates:
                yield fee, count, rates[fee]
        if REQUESTS in rates:
            yield REQUESTS, 1, rates[REQUESTS]

    @property
    def _is_whole(self) -> bool:
        """Whether any token has some rate."""
        return "input_tokens" in self.levels[0].rates and "output_tokens" in self.levels[0].rates

    def _without_rate(self, usage: Usage) -> Iterator[tuple[str, int]]:
        """What the usage has and the card has no rate for."""
        if self.is_free:
            return
        rates = self.levels[0].rates
        positions = list(self._positions(usage, rates))
        for kind, total in (("input_tokens", usage.input_total), ("output_tokens", usage.output)):
            if kind not in rates:
                billed = sum(count for part, count, _ in positions if is_part_of(part, kind))
                if total > billed:
                    yield kind, total - billed
        for tool, count in usage.server_tool_calls.items():
            if count and fee_name(tool) not in rates:
                yield fee_name(tool), count

    def worst_case(
        self,
        input_tokens_max: int,
        output_tokens_max: int,
        *,
        n: int = 1,
        cache_write: CacheWrite | None = None,
        images: bool = False,
        tool_calls: Mapping[str, int] | None = None,
    ) -> int:
        """Pico-dollars, rounded up, that no answer within these bounds can exceed.

        `cache_write` is what the request asks to be cached for; a model that caches without being
        asked is always taken to write.
        """
        return max(
            divide_up(
                input_tokens_max * rate_in + n * output_tokens_max * rate_out + fees,
                self.denominator,
            )
            for rate_in, rate_out, fees in self._bounds(
                input_tokens_max, cache_write, images, tool_calls or {}
            )
        )

    def expected(self, input_tokens: int, output_tokens: int) -> int:
        """Pico-dollars of an ordinary answer, for ranking."""
        return self.cost(Usage(input=input_tokens, output=output_tokens)).pico

    def _bounds(
        self,
        input_tokens_max: int,
        cache_write: CacheWrite | None,
        images: bool,
        tool_calls: Mapping[str, int],
    ) -> Iterator[tuple[int, int, int]]:
        """Dearest rates for input and output, and fees, at each level that the prompt can reach."""
        dearest = self._dearest.get((cache_write, images))
        if dearest is None:
            dearest = self._dearest[cache_write, images] = self._dearest_rates(cache_write, images)
        for level, (rate_in, rate_out) in zip(self.levels, dearest, strict=True):
            if level is self.levels[0] or input_tokens_max > level.over:
                fees = level.rates.get(REQUESTS, 0)
                for tool, count in tool_calls.items():
                    fees += count * level.rates.get(fee_name(tool), 0)
                yield rate_in, rate_out, fees

    def _dearest_rates(
        self, cache_write: CacheWrite | None, images: bool
    ) -> tuple[tuple[int, int], ...]:
        """The dearest rates for input and output of each level."""
        # Claude writes to its cache only where `cache_control` asks; others on their own.
        explicit = "claude" in self.model.lower()
        kinds_in = list(_INPUT_ALWAYS)
        if cache_write or not explicit:
            kinds_in += _WRITES
        if cache_write == "1h":
            kinds_in.append("cache_write_1h_tokens")
        if images:
            kinds_in.append("input_image_tokens")
        return tuple(
            (_dearest(level.rates, kinds_in), _dearest(level.rates, _OUTPUT_ALWAYS))
            for level in self.levels
        )


def _dearest(rates: Mapping[str, int], kinds: "list[str] | tuple[str, ...]") -> int:
    found = [rates[kind] for kind in kinds if kind in rates]
    # Without a rate of its own a count is settled at the dearest there is: so is it held.
    if kinds[0] not in rates:
        found += [rate for kind, rate in rates.items() if kind in KINDS]
    return max(found, default=0)
