"""The contract of every store of budgets: reserve before a call, settle once after it.

Two-phase amounts in integer pico-dollars. Nothing here knows prices, models or policy: which
scopes a call belongs to and how much it may cost is decided in `budget.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..types import Basis

__all__ = ["Hold", "Ledger", "LedgerRow", "Reservation", "Scope", "ScopeSummary", "Settlement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One budget account: (name, key, window). `limit_pico` None admits everything, 0 nothing.

    `window` identifies the calendar window ("2026-11-22") or is "" for none; `rolling_s` makes
    it a rolling window of so many seconds instead. `resets_at_s` is when it ends, in seconds
    since the Unix epoch. An `enforced` scope refuses; another one only counts (observe).
    """

    name: str
    key: str = ""
    window: str = ""
    limit_pico: int | None = None
    rolling_s: float | None = None
    resets_at_s: float | None = None
    enforced: bool = True

    @property
    def account(self) -> str:
        """The name under which stores keep it."""
        return f"{self.name}|{self.key}|{self.window}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeSummary:
    """Where an account stands: posted + held <= limit in strict mode, at every instant."""

    scope: Scope
    posted_pico: int
    held_pico: int

    @property
    def free_pico(self) -> int | None:
        """What may still be held, never below 0; None without a limit."""
        limit = self.scope.limit_pico
        return None if limit is None else max(0, limit - self.posted_pico - self.held_pico)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An amount held in all of `scopes` until it is settled or expires. Times are wall seconds."""

    hold_id: str
    scopes: tuple[Scope, ...]
    amount_pico: int
    created_at_s: float
    expires_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The result of `reserve`: the hold, or the first scope (sorted) that had no room."""

    hold: Hold | None
    refused_by: ScopeSummary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a hold resolves: what was really spent, and how that is known. `void` posts 0."""

    basis: Basis
    amount_pico: int
    detail: str = ""  # JSON of the attempt's cost record, kept with the row


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One immutable line: a settled hold in one account. Every settlement has one, void too."""

    hold_id: str
    account: str
    basis: Basis
    hold_pico: int
    amount_pico: int
    settled_at_s: float
    detail: str = field(default="", repr=False)


class Ledger(Protocol):
    """A store. All methods are atomic; a store that is down raises LedgerUnavailable."""

    async def reserve(
        self, hold_id: str, scopes: Sequence[Scope], amount_pico: int, *, ttl_s: float
    ) -> Reservation:
        """Hold the amount in all scopes or in none. The same id again returns the same hold."""
        ...

    async def settle(self, hold_id: str, settlement: Settlement) -> bool:
        """Release the hold and post the amount in its scopes; at most once. False if it was
        settled already (nothing changes); an amount over the hold is posted as it is."""
        ...

    async def renew(self, hold_id: str, *, ttl_s: float) -> bool: ...

    async def sweep(self) -> tuple[Hold, ...]:
        """Settle what expired as `expired` at its whole amount; returns those holds."""
        ...

    async def summary(self, scope: Scope) -> ScopeSummary: ...

    async def rows(
        self, scope: Scope | None = None, *, holds: Sequence[str] | None = None
    ) -> tuple[LedgerRow, ...]:
        """What was settled, oldest first: in one account or in all, of these holds or of all."""
        ...

    async def aclose(self) -> None: ...
