"""One call's envelope: the deadline, the attempts and the money that all its attempts share.

Mutable, and seen by one call only. It remembers; what to do next is decided in `decision.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .accounting import RateCard
from .clients.base import ProviderFailure
from .errors import BudgetExceeded
from .options import CallOptions
from .routing.planner import Planned
from .setup import Endpoint, RouterSetup
from .types import Answer, Attempt, LLMRequest, LLMResponse, Plan, Text

if TYPE_CHECKING:
    from .attempt import AttemptRun

__all__ = ["Envelope", "Failed"]


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed attempt at an endpoint; `at_s` is when it ended, `after_shown` whether the caller
    had seen something of it."""

    endpoint: Endpoint
    failure: ProviderFailure
    at_s: float
    after_shown: bool = False


@dataclass(slots=True, kw_only=True)
class Envelope:
    """`failed` holds every failure in the order of their ends; `under_way` counts attempts that
    were dispatched and have not ended; `committed` is True once something of the last attempt was
    shown. `kept` has a response that would do if nothing better comes (a refusal that was to fall
    back). `shown_before` is text of another target that this one goes on from (`prefills`), with
    `gaps_before` in it."""

    call_id: str
    request: LLMRequest
    options: CallOptions
    setup: RouterSetup
    streamed: bool
    started_s: float
    deadline_s: float
    attempts_max: int
    planned: Planned
    attempts: list[Attempt] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    dispatched: int = 0
    under_way: set[str] = field(default_factory=set)
    too_dear: set[str] = field(default_factory=set)
    refused_budget: BudgetExceeded | None = None
    kept: "AttemptRun | None" = None
    committed: bool = False
    answer: "Answer | None" = None
    shown_before: str = ""
    gaps_before: int = 0
    prefills: bool = False
    claimed: int = 0
    tokens: dict[str, int] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        return self.planned.plan

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        return self.planned.endpoints

    def next_claim(self) -> int:
        """A number for the next hold, from 1: holds are told apart by it."""
        self.claimed += 1
        return self.claimed

    def with_shown_before(self, response: LLMResponse) -> LLMResponse:
        """The response with the text in front that the caller saw of an earlier target."""
        if not self.shown_before:
            return response
        rest = [part for part in response.parts if not isinstance(part, Text)]
        text = Text(self.shown_before + response.text)
        return replace(response, parts=(text, *rest), gaps=self.gaps_before + response.gaps)

    def card(self, endpoint: Endpoint) -> RateCard:
        card = self.planned.cards.get(endpoint.target.id)
        return card or self.setup.prices.card(endpoint.target)

    def tokens_at(self, endpoint: Endpoint) -> int:
        """The most tokens that the prompt can have there."""
        if endpoint.target.id not in self.tokens:
            self.tokens[endpoint.target.id] = self.card(endpoint).input_tokens(self.request)
        return self.tokens[endpoint.target.id]

    @property
    def attempts_left(self) -> int:
        return self.attempts_max - self.dispatched

    @property
    def spent_pico(self) -> int:
        return sum(attempt.cost_pico for attempt in self.attempts)

    def failures_at(self, endpoint: Endpoint) -> list[Failed]:
        return [failed for failed in self.failed if failed.endpoint.target is endpoint.target]
