"""Holds before a call and settlements after it: the engine's Budget over a ledger.

What belongs here: the life of a grant, the call's own budget, a store that is down, warnings. What
must not: how a claim is admitted (`admission.py`), how a store keeps amounts, what a call costs.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from ..accounting import Claim, CostRecord, Grant, hold_id
from ..clock import Clock, SystemClock
from ..costs import record_to_json, records_of
from ..errors import LedgerUnavailable
from ..events import BoundExceeded, BudgetWarning, Hooks
from ..ledger.base import LedgerRow, Scope, ScopeSummary, Settlement
from ..ledger.store import Store, has_room
from ..types import LLMRequest
from .admission import Admission, Applying, Held, budget_exceeded, held_as, scope_name
from .calls import OpenCalls
from .history import History
from .policy import EVERYTHING, CostManagementPolicy, Limit
from .waiting import Line

__all__ = ["BACKLOG_MAX", "LedgerBudget", "Standing"]

BACKLOG_MAX = 10_000
"""Settlements that are kept while a store that fails open is down; the oldest are dropped."""

_WARNED_MAX = 10_000

_LOOK = 32
"""Holds of a call that are looked for at a time. Those that were refused leave numbers out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a limit stands now. `used_percent` is exact: posted and held of the limit."""

    limit: Limit
    summary: ScopeSummary

    @property
    def used_percent(self) -> Fraction | None:
        """What is spent and held, in percent of the limit; None where there is none."""
        limit_pico = self.summary.scope.limit_pico
        if not limit_pico:
            return None
        return Fraction(100 * (self.summary.posted_pico + self.summary.held_pico), limit_pico)


class LedgerBudget:
    """Satisfies `accounting.Budget` for a policy and a store; safe to share among event loops."""

    def __init__(
        self,
        policy: CostManagementPolicy,
        ledger: Store,
        *,
        clock: Clock | None = None,
        hooks: Hooks | None = None,
        wall: Callable[[], float] | None = None,
    ) -> None:
        self.policy = policy
        self.ledger = ledger
        self.hooks = hooks or Hooks()
        clock = clock or SystemClock()
        self._wall = wall or clock.wall
        self._line = Line(clock)
        self._history = History()
        self._calls = OpenCalls()
        self._admission = Admission(
            policy,
            ledger,
            clock=clock,
            wall=self._wall,
            line=self._line,
            history=self._history,
            calls=self._calls,
        )
        self._warned: dict[str, None] = {}
        self._backlog: deque[tuple[Held, CostRecord]] = deque(maxlen=BACKLOG_MAX)

    async def reserve(self, claim: Claim) -> Held:
        """Hold what the claim can cost at most. Raises BudgetExceeded with the first account
        that has no room, LedgerUnavailable where the store is down and a limit fails closed."""
        applying = self._admission.applying(claim)
        request = self._admission.bounded(claim, applying)
        bound = claim.card.upper_bound(request)
        self._check_call(claim, bound)
        try:
            return await self._admission.admit(claim, request, applying, bound)
        except LedgerUnavailable as error:
            if any(self._fails_closed(limit) for limit, _ in applying) or (
                not applying and self.policy.store_down == "closed"
            ):
                self._calls.leave(claim)
                raise
            return self._without_store(claim, request, applying, error)
        except BaseException:
            self._calls.leave(claim)
            raise

    async def settle(self, grant: Grant, record: CostRecord) -> None:
        """Post what was really spent; idempotent by attempt id."""
        assert isinstance(grant, Held), "the grant that reserve returned"
        self._calls.leave(grant.claim)
        try:
            await self._settle(grant, record)
        except LedgerUnavailable:
            if any(self._is_closed(scope) for scope in grant.scopes):
                raise
            self._backlog.append((grant, record))
            return
        if self.hooks and record.amount_pico > grant.bound_pico:
            self.hooks.emit(_exceeded(grant, record))
        self._history.add(grant.claim.target.id, record.amount_pico, grant.bound_pico)
        self._line.call(scope.account for scope in (*grant.of_call, *grant.scopes))
        if self.hooks:
            await self._warn(grant, record)
        if self._backlog:
            await self._settle_backlog()

    async def renew(self, grant: Grant) -> None:
        """Keep the hold of an attempt that is still running."""
        await self.ledger.renew(grant.claim.hold_id, ttl_s=self.policy.hold_ttl_s)

    async def standings(self, key: str = "") -> tuple[Standing, ...]:
        """Where each limit stands in its current window; `key` is the value of those with one."""
        found = []
        for limit in self.policy.all_limits():
            scope = limit.account(
                key if limit.per else "", self._wall(), self.policy.mode_of(limit)
            )
            found.append(Standing(limit=limit, summary=await self.ledger.summary(scope)))
        return tuple(found)

    async def records(self, call_id: str) -> list[CostRecord]:
        """What the ledger has of a call, whichever process made it: its settled attempts. None
        where the ledger does not outlive the process, which then has them in `router.costs`."""
        found: list[LedgerRow] = []
        first, more = 1, self.ledger.is_lasting
        while more:
            holds = [hold_id(call_id, number) for number in range(first, first + _LOOK)]
            rows = await self.ledger.rows(Scope(name=EVERYTHING), holds=holds)
            found += rows
            first, more = first + _LOOK, bool(rows)
        return records_of(found)

    async def aclose(self) -> None:
        await self.ledger.aclose()

    def _check_call(self, claim: Claim, need: int) -> None:
        """The call's own budget, and its room for this attempt taken at once."""
        scope = Scope(name="call", key=claim.call_id, limit_pico=claim.limit_pico)
        summary = self._calls.summary(claim, scope)
        if not has_room(scope, summary.posted_pico + summary.held_pico, need):
            mode = "downgrade" if self.policy.mode == "downgrade" else "strict"
            raise budget_exceeded(summary, need, mode)
        self._calls.take(claim, need)

    # A store that is down

    def _without_store(
        self, claim: Claim, request: LLMRequest, applying: Applying, error: LedgerUnavailable
    ) -> Held:
        logging.getLogger("router").warning("the ledger is down and its limits open: %s", error)
        bound = claim.card.upper_bound(request)
        return replace(held_as(claim, request, applying, bound, bound), stored=False)

    def _fails_closed(self, limit: Limit) -> bool:
        return self.policy.store_down_of(limit) == "closed"

    def _is_closed(self, scope: Scope) -> bool:
        limits = [limit for limit in self.policy.all_limits() if limit.name == scope.name]
        return any(map(self._fails_closed, limits))

    async def _settle_backlog(self) -> None:
        """What could not be settled while the store was down, oldest first, until it fails."""
        while self._backlog:
            grant, record = self._backlog.popleft()
            try:
                await self._settle(grant, record)
            except LedgerUnavailable:
                self._backlog.appendleft((grant, record))
                return

    # After a call

    async def _settle(self, grant: Held, record: CostRecord) -> None:
        hold = grant.claim.hold_id
        detail = record_to_json(record) if self.ledger.is_lasting else ""
        settlement = Settlement(basis=record.basis, amount_pico=record.amount_pico, detail=detail)
        if not grant.stored:
            # Nothing could be held: hold it now, whatever the limits say; it was spent.
            scopes = [replace(scope, enforced=False) for scope in grant.scopes]
            await self.ledger.reserve(hold, scopes, grant.amount_pico, ttl_s=self.policy.hold_ttl_s)
        if not await self.ledger.settle(hold, settlement):
            # Settled before, which changes nothing, or expired under us, which is put right.
            await self.ledger.reconcile(hold, settlement)

    async def _warn(self, grant: Held, record: CostRecord) -> None:
        """Tell once when an account reaches its threshold, and again if it was below since."""
        limits = {limit.name: limit for limit in self.policy.all_limits()}
        for scope in (*grant.of_call, *grant.scopes):
            limit = limits.get(scope.name)
            if limit is None or not scope.limit_pico:
                continue
            if scope in grant.of_call:
                used = grant.claim.spent_pico + record.amount_pico
            else:
                summary = await self.ledger.summary(scope)
                used = summary.posted_pico + summary.held_pico
            percent = self.policy.warn_percent_of(limit)
            if used * 100 < percent * scope.limit_pico:
                self._warned.pop(scope.account, None)
            elif scope.account not in self._warned:
                self._warned[scope.account] = None
                while len(self._warned) > _WARNED_MAX:
                    self._warned.pop(next(iter(self._warned)))
                self.hooks.emit(
                    BudgetWarning(
                        scope=scope_name(scope),
                        used_pico=used,
                        limit_pico=scope.limit_pico,
                        threshold_percent=percent,
                    )
                )


def _exceeded(grant: Held, record: CostRecord) -> BoundExceeded:
    return BoundExceeded(
        attempt_id=record.attempt_id,
        target=record.target,
        bound_pico=grant.bound_pico,
        amount_pico=record.amount_pico,
    )
