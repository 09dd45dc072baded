"""What a request and its usage cost at one target: the engine's RateCard.

What belongs here: putting bounds of tokens, the service tier that was asked for or given, and the
rates together. What must not: where rates come from, or what is done with the amount.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ..types import LLMRequest, Target, Usage
from .rates import Cost, Rates
from .tokens import cache_asked, has_images, input_bound, input_estimate, text_estimate

__all__ = ["OUTPUT_TOKENS_DEFAULT", "TargetCard"]

OUTPUT_TOKENS_DEFAULT = 4096
"""What an answer is taken to have at most, where neither request nor target bounds it."""

_OUTPUT_TOKENS_EXPECTED = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCard:
    """The rates of one target at one time; satisfies `accounting.RateCard`.

    `rates_of` gives the rates of a service tier ("" is the ordinary one) and never raises.
    """

    target: Target
    rates: Rates
    rates_of: Callable[[str], Rates]

    @property
    def version(self) -> str:
        return self.rates.version

    @property
    def context_tokens_max(self) -> int | None:
        """The window of the model as the list of prices tells it; None if it does not."""
        return self.rates.context_tokens_max

    @property
    def is_estimate(self) -> bool:
        return bool(self.rates.guess)

    def upper_bound(self, request: LLMRequest, *, output_tokens_max: int | None = None) -> int:
        """Pico-dollars that one attempt cannot exceed, as long as its output stays within
        `output_tokens_max`, else the request's `max_tokens`, else the target's most."""
        outputs = self.output_tokens(request) if output_tokens_max is None else output_tokens_max
        inputs = self.input_tokens(request)
        asked = cache_asked(request)
        images = has_images(request)
        bound = self.rates.worst_case(
            inputs, outputs, n=request.n, cache_write=asked, images=images
        )
        if not request.service_tier:
            return bound
        tier = self.rates_of(request.service_tier)
        return max(
            bound,
            tier.worst_case(inputs, outputs, n=request.n, cache_write=asked, images=images),
        )

    def output_tokens(self, request: LLMRequest) -> int:
        """The most that one choice of the answer is taken to have."""
        if request.max_tokens is not None:
            return request.max_tokens
        return self.target.output_tokens_max or OUTPUT_TOKENS_DEFAULT

    def expected(self, request: LLMRequest) -> int:
        """Pico-dollars of an ordinary answer: for ranking only."""
        outputs = min(self.output_tokens(request), _OUTPUT_TOKENS_EXPECTED) * request.n
        rates = self.rates_of(request.service_tier or "")
        return rates.expected(input_estimate(request), outputs)

    def input_tokens(self, request: LLMRequest) -> int:
        """Tokens that the prompt cannot exceed."""
        return input_bound(request, self.target.provider)

    def cost(self, usage: Usage) -> int:
        """Pico-dollars, exact, rounded half to even once."""
        return self.priced(usage).pico

    def priced(self, usage: Usage) -> Cost:
        """The same, with whether it is exact and why not."""
        return self.rates_of(usage.service_tier or "").cost(usage)

    def partial(self, request: LLMRequest, *, output_text: str, input_billed: bool = True) -> Usage:
        """The estimated usage of an attempt that ended before the vendor told its own."""
        return Usage(
            input=input_estimate(request) if input_billed else 0,
            output=text_estimate(output_text),
            service_tier=request.service_tier,
        )
