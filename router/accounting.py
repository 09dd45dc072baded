"""The seam between the engine and the money: what the engine asks and tells, as Protocols.

The engine never computes a price and never looks into a store. `pricing.py` implements RateCard
and PriceBook, `budget.py` Budget, `costs.py` CostSink. Amounts are integer pico-dollars.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from .types import Basis, Certainty, LLMRequest, Target, Usage

__all__ = ["Budget", "Claim", "CostRecord", "CostSink", "Grant", "PriceBook", "RateCard", "hold_id"]


class RateCard(Protocol):
    """The rates of one model, resolved once. `version` names what they were read from;
    `is_estimate` that the price was guessed by choice and each record says so."""

    @property
    def version(self) -> str: ...

    @property
    def is_estimate(self) -> bool: ...

    @property
    def context_tokens_max(self) -> int | None:
        """The model's context window, where its source tells it; a target's own comes first."""
        ...

    def upper_bound(self, request: LLMRequest, *, output_tokens_max: int | None = None) -> int:
        """The most that one attempt can cost: every token that the prompt can have at the
        dearest input rate, and max_tokens x n at the output rate; where the request bounds
        nothing, the target's or the model's most. `output_tokens_max` overrides all three."""
        ...

    def expected(self, request: LLMRequest) -> int:
        """What it will probably cost: for ranking only."""
        ...

    def input_tokens(self, request: LLMRequest) -> int:
        """An upper bound of the prompt's tokens; also fits it to context windows."""
        ...

    def cost(self, usage: Usage) -> int:
        """What this usage costs, exactly; rounded half even once."""
        ...

    def partial(self, request: LLMRequest, *, output_text: str, input_billed: bool = True) -> Usage:
        """The estimated usage of an attempt that ended before the vendor told it."""
        ...


class PriceBook(Protocol):
    def card(self, target: Target, *, at: datetime | None = None) -> RateCard:
        """The card for a target's model. Raises UnknownPrice, or flags an estimate by choice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the engine wants to spend on one attempt; asked before anything is sent.

    `hold_id` is the attempt's id. `tags`, `task` and `key` select the scopes it falls into;
    `limit_pico` is the call's own budget (TaskContext.budget_cents), None for none, of which
    `spent_pico` is used up by earlier attempts of the same call. `deadline_s` (the router's
    clock) is how long a queueing budget may wait.
    """

    hold_id: str
    call_id: str
    target: Target
    request: LLMRequest
    card: RateCard
    streamed: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    task: str = ""
    limit_pico: int | None = None
    spent_pico: int = 0
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A claim that was admitted. `request` may have a lower max_tokens than was claimed."""

    claim: Claim
    amount_pico: int
    request: LLMRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRecord:
    """What one attempt cost. Exactly one for every attempt that was dispatched.

    `at_s` is wall time. `won` is True for the attempt whose answer the caller got. `streamed`,
    `certainty` and `outcome` say why the amount is what it is; `basis` how it is known;
    `price_estimated` that the rates themselves were a guess.
    """

    attempt_id: str
    call_id: str
    provider: str
    model: str
    target: str
    at_s: float
    amount_pico: int
    hold_pico: int
    basis: Basis
    certainty: Certainty
    outcome: str
    rates_version: str
    usage: Usage | None = None
    service_tier: str | None = None
    price_estimated: bool = False
    streamed: bool = False
    won: bool = False
    task: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class Budget(Protocol):
    """Holds before, settles after. One hold an attempt."""

    async def reserve(self, claim: Claim) -> Grant:
        """Raises BudgetExceeded (its `mode` says whether a cheaper target may be tried), or
        LedgerUnavailable if the store is down and the scope fails closed."""
        ...

    async def settle(self, grant: Grant, record: CostRecord) -> None:
        """Resolve the grant's hold with what was really spent; idempotent by attempt id."""
        ...

    async def renew(self, grant: Grant) -> None:
        """The attempt is still running (called now and then while it streams)."""
        ...


class CostSink(Protocol):
    def record(self, record: CostRecord) -> None:
        """Keep one attempt's cost. Called exactly once an attempt; must not fail or wait."""
        ...


def hold_id(call_id: str, number: int) -> str:
    """The id of a call's hold with this number, from 1, which is its attempt's id too."""
    return f"{call_id}-{number}"
