"""How a claim gets its hold: tried, clamped, or waiting its turn, as the limits' modes say.

What belongs here: the way from a claim to a hold or to BudgetExceeded. What must not: what
happens after the call, or when the store is down.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ..accounting import Claim, Grant
from ..clock import Clock
from ..errors import BudgetExceeded
from ..ledger.base import Scope, ScopeSummary
from ..ledger.store import Store, has_room
from ..money import usd_from_pico
from ..types import LLMRequest
from .calls import OpenCalls
from .history import History
from .policy import EVERYTHING, CostManagementPolicy, Limit
from .waiting import Line

__all__ = ["Admission", "Applying", "Held", "budget_exceeded", "held_as", "scope_name"]

_CLAMP_TRIES = 8

Applying = Sequence[tuple[Limit, Scope]]
"""The limits that a claim falls into, each with its account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Grant):
    """A grant with what its settlement needs: its scopes in the ledger, those that end with its
    call, and the bound that it was granted for (more than `amount_pico` in mode soft). Not
    `stored` where the store was down."""

    scopes: tuple[Scope, ...]
    of_call: tuple[Scope, ...]
    bound_pico: int
    stored: bool = True


class Admission:
    """The ways in, over one policy and one store."""

    def __init__(
        self,
        policy: CostManagementPolicy,
        ledger: Store,
        *,
        clock: Clock,
        line: Line,
        history: History,
        calls: OpenCalls,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._policy = policy
        self._ledger = ledger
        self._clock = clock
        self._wall = wall
        self._line = line
        self._history = history
        self._calls = calls

    def applying(self, claim: Claim) -> tuple[tuple[Limit, Scope], ...]:
        return tuple(self._policy.applying(claim, self._wall()))

    def bounded(self, claim: Claim, applying: Applying) -> LLMRequest:
        """The request with a max_tokens, where a limit must be kept and nothing else bounds it."""
        binding = claim.limit_pico is not None or any(
            scope.limit_pico is not None and self._policy.mode_of(limit) not in ("observe", "soft")
            for limit, scope in applying
        )
        if not binding or claim.request.max_tokens is not None or claim.target.output_tokens_max:
            return claim.request
        return replace(claim.request, max_tokens=self._policy.output_tokens_default)

    async def admit(
        self, claim: Claim, request: LLMRequest, applying: Applying, bound_pico: int
    ) -> Held:
        """The hold of what the request can cost at most, `bound_pico`. Raises BudgetExceeded."""
        queued = [s.account for limit, s in applying if self._policy.mode_of(limit) == "queue"]
        account = self._line.is_waited_for(queued)
        if not account:
            held = await self._try(claim, request, applying, bound_pico)
            if isinstance(held, Held):
                return held
            account = held.scope.account
        return await self._queue(claim, request, account)

    async def _try(
        self, claim: Claim, request: LLMRequest, applying: Applying, bound_pico: int | None = None
    ) -> Held | ScopeSummary:
        """The hold, or the account of mode queue that has no room. Any other that has none
        raises, unless it is of mode clamp and fewer output tokens fit."""
        tries_left = _CLAMP_TRIES
        while True:
            bound = claim.card.upper_bound(request) if bound_pico is None else bound_pico
            held = await self._reserve(claim, request, applying, bound)
            if isinstance(held, Held):
                return held
            limit = next(limit for limit, scope in applying if scope == held.scope)
            mode = self._policy.mode_of(limit)
            if mode == "queue":
                return held
            clamped = self._clamped(claim, request, held) if mode == "clamp" else None
            tries_left -= 1
            if clamped is None or not tries_left:
                raise budget_exceeded(held, bound, mode)
            request, bound_pico = clamped, None

    async def _reserve(
        self, claim: Claim, request: LLMRequest, applying: Applying, bound: int
    ) -> Held | ScopeSummary:
        amount = self._amount(claim, applying, bound)
        held = held_as(claim, request, applying, amount, bound)
        self._calls.take(claim, amount)  # before anything is waited for: the call sees it at once
        for scope in held.of_call:
            summary = self._calls.summary(claim, scope)
            if not has_room(scope, summary.posted_pico + summary.held_pico, amount):
                return summary
        reservation = await self._ledger.reserve(
            claim.hold_id, held.scopes, amount, ttl_s=self._policy.hold_ttl_s
        )
        if reservation.hold is None:
            assert reservation.refused_by is not None
            return reservation.refused_by
        return held

    def _amount(self, claim: Claim, applying: Applying, bound_pico: int) -> int:
        """What is held: the bound, or what such calls usually cost where every limit is soft."""
        limits = [limit for limit, scope in applying if scope.limit_pico is not None]
        if not limits or any(self._policy.mode_of(limit) != "soft" for limit in limits):
            return bound_pico
        percent = max(limit.soft_percent for limit in limits)
        return self._history.usual(claim.target.id, bound_pico, percent)

    def _clamped(
        self, claim: Claim, request: LLMRequest, refused: ScopeSummary
    ) -> LLMRequest | None:
        """The request with as many output tokens as still fit; None if that is too few."""

        def fits(output_tokens: int) -> bool:
            return claim.card.upper_bound(request, output_tokens_max=output_tokens) <= free

        free = refused.free_pico or 0
        low = self._policy.clamp_tokens_min
        high = request.max_tokens or claim.target.output_tokens_max
        high = high or self._policy.output_tokens_default
        if free == 0 or low >= high or not fits(low):
            return None
        while low < high - 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return replace(request, max_tokens=low)

    async def _queue(self, claim: Claim, request: LLMRequest, account: str) -> Held:
        """Wait in line until the claim fits, its deadline comes, or waiting cannot help."""
        until_s = float("inf") if claim.deadline_s is None else claim.deadline_s
        ticket = self._line.join(account)
        try:
            while True:
                # The window may have changed while waiting: a new one has a new account.
                applying = self.applying(claim)
                if self._line.is_first(account, ticket):
                    held = await self._try(claim, request, applying)
                    if isinstance(held, ScopeSummary) and not held.held_pico:
                        held = await self._alone(claim, request, applying, held, until_s)
                    if isinstance(held, Held):
                        return held
                if self._clock.now() >= until_s or self._line.is_too_long(account):
                    summary = await self._summary(claim, applying, account)
                    raise budget_exceeded(summary, claim.card.upper_bound(request), "queue")
                await self._line.wait(ticket, until_s)
        finally:
            self._line.leave(account, ticket)

    async def _alone(
        self,
        claim: Claim,
        request: LLMRequest,
        applying: Applying,
        refused: ScopeSummary,
        until_s: float,
    ) -> Held | ScopeSummary:
        """Nothing is held, so no settlement can make room: take what is left of the limit, wait
        for a window that ends in time, or give up."""
        clamped = self._clamped(claim, request, refused)
        if clamped is not None:
            return await self._try(claim, clamped, applying)
        resets_at_s = refused.scope.resets_at_s
        left_s = until_s - self._clock.now()
        if resets_at_s is None or resets_at_s - self._wall() > left_s:
            raise budget_exceeded(refused, claim.card.upper_bound(request), "queue")
        return refused

    async def _summary(self, claim: Claim, applying: Applying, account: str) -> ScopeSummary:
        limit, scope = next((one for one in applying if one[1].account == account), applying[0])
        if limit.ends_with(claim):
            return self._calls.summary(claim, scope)
        return await self._ledger.summary(scope)


def held_as(
    claim: Claim, request: LLMRequest, applying: Applying, amount_pico: int, bound_pico: int
) -> Held:
    """The grant of an amount, its scopes told apart by who keeps them. Every attempt is counted
    in EVERYTHING."""
    return Held(
        claim=claim,
        amount_pico=amount_pico,
        request=request,
        scopes=(
            *(s for limit, s in applying if not limit.ends_with(claim)),
            Scope(name=EVERYTHING),
        ),
        of_call=tuple(s for limit, s in applying if limit.ends_with(claim)),
        bound_pico=bound_pico,
    )


def budget_exceeded(summary: ScopeSummary, need_pico: int, mode: str) -> BudgetExceeded:
    """The error for an account that has no room for an amount."""
    scope = summary.scope
    resets_at_s = scope.resets_at_s
    return BudgetExceeded(
        scope=scope_name(scope),
        limit=usd_from_pico(scope.limit_pico or 0),
        posted=usd_from_pico(summary.posted_pico),
        held=usd_from_pico(summary.held_pico),
        need=usd_from_pico(need_pico),
        resets_at=None if resets_at_s is None else datetime.fromtimestamp(resets_at_s, UTC),
        mode=mode,
    )


def scope_name(scope: Scope) -> str:
    """What a person calls it: "daily", "team:red"."""
    return f"{scope.name}:{scope.key}" if scope.key else scope.name
