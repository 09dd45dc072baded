"""The ledger of one process, in memory: for programs that may forget when they end, and tests.

Every method is one critical section that never awaits, under a lock, so that threads and tasks
see whole steps only. What must not be here: anything that outlives the process.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from .base import Hold, LedgerRow, Reservation, Scope, ScopeSummary, Settlement
from .store import Discrepancy, buckets, checked_amount, checked_scopes, has_room, posted_amount

__all__ = ["ACCOUNTS_MAX", "RESOLVED_MAX", "ROWS_MAX", "MemoryLedger"]

ROWS_MAX = 2_000
"""Rows that are kept; older ones are folded into their account, whose counter stays exact."""

RESOLVED_MAX = 5_000
"""Resolved holds that are remembered: their ids are not used again, and what expired of them can
still be reconciled."""

ACCOUNTS_MAX = 100_000
"""Accounts that are kept; beyond it the one unused for longest, with nothing held, is dropped."""


@dataclass(slots=True)
class _Account:
    posted: dict[int, int] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    posted_all: int = 0
    rows_folded: int = 0


@dataclass(slots=True)
class _Open:
    """An open hold with its accounts, and the bucket of each in which it counts."""

    hold: Hold
    places: tuple[tuple[str, int], ...]


class MemoryLedger:
    """A `Store` in memory. `wall` tells seconds since the Unix epoch."""

    is_lasting = False

    def __init__(self, *, wall: Callable[[], float] = time.time, rows_max: int = ROWS_MAX) -> None:
        self._wall = wall
        self._rows_max = rows_max
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}
        self._open: dict[str, _Open] = {}
        self._resolved: dict[str, _Open | None] = {}  # the hold where it may be reconciled
        self._rows: deque[LedgerRow] = deque()

    async def reserve(
        self, hold_id: str, scopes: Sequence[Scope], amount_pico: int, *, ttl_s: float
    ) -> Reservation:
        """Hold the amount in all scopes or in none. Raises ValueError for a settled id."""
        ordered = checked_scopes(scopes)
        checked_amount(amount_pico)
        with self._lock:
            now_s = self._wall()
            self._sweep(now_s)
            if (known := self._open.get(hold_id)) is not None:
                return Reservation(hold=known.hold)
            if hold_id in self._resolved:
                raise ValueError(f"hold {hold_id!r} was settled: an id is used once")
            for scope in ordered:
                posted, held = self._used(scope, now_s)
                if not has_room(scope, posted + held, amount_pico):
                    summary = ScopeSummary(scope=scope, posted_pico=posted, held_pico=held)
                    return Reservation(hold=None, refused_by=summary)
            hold = Hold(
                hold_id=hold_id,
                scopes=ordered,
                amount_pico=amount_pico,
                created_at_s=now_s,
                expires_at_s=now_s + ttl_s,
            )
            places = tuple((scope.account, buckets(scope, now_s)[0]) for scope in ordered)
            opened = _Open(hold, places)
            for account, bucket in self._places(opened):
                account.held[bucket] = account.held.get(bucket, 0) + amount_pico
            self._open[hold_id] = opened
            return Reservation(hold=hold)

    async def settle(self, hold_id: str, settlement: Settlement) -> bool:
        """Release the hold and post the amount; False if it is not open."""
        posted_amount(settlement)
        with self._lock:
            return self._settle(hold_id, settlement)

    async def renew(self, hold_id: str, *, ttl_s: float) -> bool:
        """Push the expiry out; False if the hold is not open."""
        with self._lock:
            if (opened := self._open.get(hold_id)) is None:
                return False
            opened.hold = replace(opened.hold, expires_at_s=self._wall() + ttl_s)
            return True

    async def sweep(self) -> tuple[Hold, ...]:
        """Settle what expired at its whole amount."""
        with self._lock:
            return self._sweep(self._wall())

    async def reconcile(self, hold_id: str, settlement: Settlement) -> bool:
        amount = posted_amount(settlement)
        with self._lock:
            expired = self._resolved.get(hold_id)
            if expired is None:
                return False
            self._resolved[hold_id] = None
            self._post(expired, settlement, amount - expired.hold.amount_pico)
            return True

    async def summary(self, scope: Scope) -> ScopeSummary:
        with self._lock:
            posted, held = self._used(scope, self._wall())
            return ScopeSummary(scope=scope, posted_pico=posted, held_pico=held)

    async def rows(
        self, scope: Scope | None = None, *, holds: Sequence[str] | None = None
    ) -> tuple[LedgerRow, ...]:
        """The rows that are kept, oldest first."""
        with self._lock:
            return tuple(
                row
                for row in self._rows
                if (scope is None or row.account == scope.account)
                and (holds is None or row.hold_id in holds)
            )

    async def audit(self) -> tuple[Discrepancy, ...]:
        with self._lock:
            rows = {name: account.rows_folded for name, account in self._accounts.items()}
            for row in self._rows:
                if row.account in rows:
                    rows[row.account] += row.amount_pico
            holds = dict.fromkeys(self._accounts, 0)
            for opened in self._open.values():
                for name, _ in opened.places:
                    holds[name] += opened.hold.amount_pico
            found = (
                Discrepancy(
                    account=name,
                    posted_pico=account.posted_all,
                    rows_pico=rows[name],
                    held_pico=sum(account.held.values()),
                    holds_pico=holds[name],
                )
                for name, account in self._accounts.items()
            )
            return tuple(
                d for d in found if d.posted_pico != d.rows_pico or d.held_pico != d.holds_pico
            )

    async def aclose(self) -> None:
        """Nothing to close."""

    def _settle(self, hold_id: str, settlement: Settlement) -> bool:
        opened = self._open.pop(hold_id, None)
        if opened is None:
            return False
        for account, bucket in self._places(opened):
            account.held[bucket] -= opened.hold.amount_pico
        self._post(opened, settlement, posted_amount(settlement))
        self._resolved[hold_id] = opened if settlement.basis == "expired" else None
        while len(self._resolved) > RESOLVED_MAX:
            self._resolved.pop(next(iter(self._resolved)))
        return True

    def _post(self, opened: _Open, settlement: Settlement, amount_pico: int) -> None:
        """Add the amount in every account of the hold, with one row each."""
        for account, bucket in self._places(opened):
            account.posted[bucket] = account.posted.get(bucket, 0) + amount_pico
            account.posted_all += amount_pico
        now_s = self._wall()
        for name, _ in opened.places:
            row = LedgerRow(
                hold_id=opened.hold.hold_id,
                account=name,
                basis=settlement.basis,
                hold_pico=opened.hold.amount_pico,
                amount_pico=amount_pico,
                settled_at_s=now_s,
                detail=settlement.detail,
            )
            self._rows.append(row)
        while len(self._rows) > self._rows_max:
            old = self._rows.popleft()
            if (account_of := self._accounts.get(old.account)) is not None:
                account_of.rows_folded += old.amount_pico

    def _sweep(self, now_s: float) -> tuple[Hold, ...]:
        expired = [o.hold for o in self._open.values() if o.hold.expires_at_s <= now_s]
        for hold in expired:
            self._settle(hold.hold_id, Settlement(basis="expired", amount_pico=hold.amount_pico))
        return tuple(expired)

    def _used(self, scope: Scope, now_s: float) -> tuple[int, int]:
        """Posted and held of a scope's current window."""
        account = self._accounts.get(scope.account)
        if account is None:
            return 0, 0
        _, since = buckets(scope, now_s)
        if scope.rolling_s is None:
            return account.posted.get(0, 0), account.held.get(0, 0)
        # Buckets that no longer count are forgotten here; `posted_all` still knows their amount.
        for old in [bucket for bucket in account.posted if bucket < since]:
            if not account.held.get(old):
                account.held.pop(old, None)
                del account.posted[old]
        return (
            sum(amount for bucket, amount in account.posted.items() if bucket >= since),
            sum(amount for bucket, amount in account.held.items() if bucket >= since),
        )

    def _places(self, opened: _Open) -> Iterator[tuple[_Account, int]]:
        for name, bucket in opened.places:
            account = self._accounts.pop(name, None)
            if account is None:
                account = _Account()
                self._drop_unused()
            self._accounts[name] = account  # the last used stands last
            yield account, bucket

    def _drop_unused(self) -> None:
        if len(self._accounts) >= ACCOUNTS_MAX:
            for name, account in self._accounts.items():
                if not any(account.held.values()):
                    del self._accounts[name]
                    break
