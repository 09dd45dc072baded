"""The ledger in one SQLite file: the default of programs that restart, and of several on one host.

What belongs here: the transactions. What must not: policy, or the file itself, which is
`sqlite_file.py`'s. Write-ahead logging makes every commit survive the death of the process at any
point; `durability="power"` makes it survive the death of the machine too, at the price of one
fsync a step. A transaction takes some tens of microseconds and runs on the event loop's thread;
while another process holds the file, waiting is asynchronous: others never block the loop.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .base import Hold, LedgerRow, Reservation, Scope, ScopeSummary, Settlement
from .sqlite_file import Durability, SqliteFile
from .store import (
    Discrepancy,
    buckets,
    checked_amount,
    checked_scopes,
    has_room,
    posted_amount,
    scopes_from_json,
    scopes_to_json,
)

__all__ = ["FOLD_MAX", "RETENTION_S", "SWEEP_MAX", "SqliteLedger"]

RETENTION_S = 400 * 86_400.0
"""How long settled holds stay as rows; older ones are folded into their accounts' sums."""

FOLD_MAX = 16
"""Old holds that one reservation folds, so that no step is long."""

SWEEP_MAX = 64
"""Expired holds that one step settles; the next step settles the next ones."""


class SqliteLedger:
    """A `Store` in a file. Several processes may use the same one.

    `busy_s` is how long a step waits for other processes before it raises LedgerUnavailable.
    Amounts of one account go up to about nine million US dollars (64-bit pico-dollars).
    """

    is_lasting = True

    def __init__(
        self,
        path: str | Path,
        *,
        wall: Callable[[], float] = time.time,
        durability: Durability = "process",
        busy_s: float = 5.0,
        retention_s: float = RETENTION_S,
    ) -> None:
        self._wall = wall
        self._retention_s = retention_s
        self._file = SqliteFile(path, durability=durability, busy_s=busy_s)

    async def reserve(
        self, hold_id: str, scopes: Sequence[Scope], amount_pico: int, *, ttl_s: float
    ) -> Reservation:
        """Hold the amount in all scopes or in none. Raises ValueError for a settled id."""
        ordered = checked_scopes(scopes)
        checked_amount(amount_pico)
        return await self._file.step(
            lambda db: self._reserve(db, hold_id, ordered, amount_pico, ttl_s)
        )

    async def settle(self, hold_id: str, settlement: Settlement) -> bool:
        """Release the hold and post the amount; False if it is not open."""
        amount = posted_amount(settlement)
        return await self._file.step(lambda db: self._settle(db, hold_id, settlement, amount))

    async def renew(self, hold_id: str, *, ttl_s: float) -> bool:
        """Push the expiry out; False if the hold is not open."""
        return await self._file.step(
            lambda db: (
                db.execute(
                    "UPDATE hold SET expires_s = ? WHERE hold_id = ? AND basis IS NULL",
                    (self._wall() + ttl_s, hold_id),
                ).rowcount
                == 1
            )
        )

    async def sweep(self) -> tuple[Hold, ...]:
        """Settle what expired at its whole amount, as far as SWEEP_MAX."""
        return await self._file.step(lambda db: tuple(self._sweep(db, self._wall())))

    async def reconcile(self, hold_id: str, settlement: Settlement) -> bool:
        amount = posted_amount(settlement)
        return await self._file.step(lambda db: self._reconcile(db, hold_id, settlement, amount))

    async def summary(self, scope: Scope) -> ScopeSummary:
        posted, held = await self._file.step(lambda db: self._used(db, scope, self._wall()))
        return ScopeSummary(scope=scope, posted_pico=posted, held_pico=held)

    async def rows(
        self, scope: Scope | None = None, *, holds: Sequence[str] | None = None
    ) -> tuple[LedgerRow, ...]:
        """All rows, oldest first. Of some holds: by the index of their ids."""
        conditions: list[str] = []
        values: list[str] = []
        if scope is not None:
            # The sign keeps the account's index, which would be all of it, out of the search.
            conditions.append("account = ?" if holds is None else "+account = ?")
            values.append(scope.account)
        if holds is not None:
            conditions.append(f"hold_id IN ({', '.join('?' * len(holds))})")
            values += holds
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        found = await self._file.step(
            lambda db: db.execute(
                "SELECT hold_id, account, basis, hold, amount, settled_s, detail FROM line"
                f"{where} ORDER BY id",
                values,
            ).fetchall()
        )
        names = (
            "hold_id",
            "account",
            "basis",
            "hold_pico",
            "amount_pico",
            "settled_at_s",
            "detail",
        )
        return tuple(LedgerRow(**dict(zip(names, row, strict=True))) for row in found)

    async def audit(self) -> tuple[Discrepancy, ...]:
        return await self._file.step(_audit)

    async def aclose(self) -> None:
        """Close the file; the next step opens it again."""
        self._file.close()

    def _reserve(
        self,
        db: sqlite3.Connection,
        hold_id: str,
        scopes: tuple[Scope, ...],
        amount_pico: int,
        ttl_s: float,
    ) -> Reservation:
        now_s = self._wall()
        self._sweep(db, now_s)
        _fold(db, now_s - self._retention_s)
        known = db.execute(f"{_HOLD} WHERE hold_id = ?", (hold_id,)).fetchone()
        if known is not None:
            if known[5] is not None:
                raise ValueError(f"hold {hold_id!r} was settled: an id is used once")
            return Reservation(hold=_hold(known))
        for scope in scopes:
            posted, held = self._used(db, scope, now_s)
            if not has_room(scope, posted + held, amount_pico):
                summary = ScopeSummary(scope=scope, posted_pico=posted, held_pico=held)
                return Reservation(hold=None, refused_by=summary)
            if scope.rolling_s is not None:
                _merge_old(db, scope.account, buckets(scope, now_s)[1])
        places = [(scope.account, buckets(scope, now_s)[0]) for scope in scopes]
        db.executemany(
            "INSERT INTO account (account, bucket, held) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET held = held + excluded.held",
            [(*place, amount_pico) for place in places],
        )
        db.execute(
            "INSERT INTO hold (hold_id, scopes, buckets, amount, created_s, expires_s)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                hold_id,
                scopes_to_json(scopes),
                ",".join(str(bucket) for _, bucket in places),
                amount_pico,
                now_s,
                now_s + ttl_s,
            ),
        )
        return Reservation(
            hold=Hold(
                hold_id=hold_id,
                scopes=scopes,
                amount_pico=amount_pico,
                created_at_s=now_s,
                expires_at_s=now_s + ttl_s,
            )
        )

    def _settle(
        self, db: sqlite3.Connection, hold_id: str, settlement: Settlement, amount_pico: int
    ) -> bool:
        row = db.execute(f"{_HOLD} WHERE hold_id = ? AND basis IS NULL", (hold_id,)).fetchone()
        if row is None:
            return False
        hold = _hold(row)
        self._post(db, hold, row[6], settlement, amount_pico, released_pico=hold.amount_pico)
        db.execute(
            "UPDATE hold SET basis = ?, settled_s = ?, detail = ? WHERE hold_id = ?",
            (settlement.basis, self._wall(), settlement.detail, hold_id),
        )
        return True

    def _reconcile(
        self, db: sqlite3.Connection, hold_id: str, settlement: Settlement, amount_pico: int
    ) -> bool:
        row = db.execute(
            f"{_HOLD} WHERE hold_id = ? AND basis = 'expired' AND NOT reconciled", (hold_id,)
        ).fetchone()
        if row is None:
            return False
        hold = _hold(row)
        difference = amount_pico - hold.amount_pico
        self._post(db, hold, row[6], settlement, difference, released_pico=0)
        db.execute("UPDATE hold SET reconciled = 1 WHERE hold_id = ?", (hold_id,))
        return True

    def _post(
        self,
        db: sqlite3.Connection,
        hold: Hold,
        places: str,
        settlement: Settlement,
        amount_pico: int,
        *,
        released_pico: int,
    ) -> None:
        """Add the amount in every account of the hold, with one row each."""
        now_s = self._wall()
        for scope, bucket in zip(hold.scopes, filter(None, places.split(",")), strict=True):
            found = db.execute(
                "UPDATE account SET held = held - ?, posted = posted + ?"
                " WHERE account = ? AND bucket = ?",
                (released_pico, amount_pico, scope.account, int(bucket)),
            )
            if not found.rowcount:  # what expired in a bucket that was merged is put right
                db.execute(_ADD_POSTED, (scope.account, _MERGED, amount_pico))
            db.execute(
                "INSERT INTO line (hold_id, account, basis, hold, amount, settled_s, detail)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    hold.hold_id,
                    scope.account,
                    settlement.basis,
                    hold.amount_pico,
                    amount_pico,
                    now_s,
                    settlement.detail,
                ),
            )

    def _sweep(self, db: sqlite3.Connection, now_s: float) -> list[Hold]:
        found = db.execute(
            f"{_HOLD} WHERE basis IS NULL AND expires_s <= ? ORDER BY expires_s LIMIT ?",
            (now_s, SWEEP_MAX),
        ).fetchall()
        holds = [_hold(row) for row in found]
        for hold in holds:
            settlement = Settlement(basis="expired", amount_pico=hold.amount_pico)
            self._settle(db, hold.hold_id, settlement, hold.amount_pico)
        return holds

    def _used(self, db: sqlite3.Connection, scope: Scope, now_s: float) -> tuple[int, int]:
        _, since = buckets(scope, now_s)
        posted, held = db.execute(
            "SELECT COALESCE(SUM(posted), 0), COALESCE(SUM(held), 0) FROM account"
            " WHERE account = ? AND bucket >= ?",
            (scope.account, since),
        ).fetchone()
        return int(posted), int(held)


_MERGED = -1
"""The bucket of a rolling account in which its old ones are counted together."""

_ADD_POSTED = (
    "INSERT INTO account (account, bucket, posted) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET posted = posted + excluded.posted"
)
_HOLD = "SELECT hold_id, scopes, amount, created_s, expires_s, basis, buckets FROM hold"


def _hold(row: tuple[str, str, int, float, float, str | None, str]) -> Hold:
    return Hold(
        hold_id=row[0],
        scopes=scopes_from_json(row[1]),
        amount_pico=row[2],
        created_at_s=row[3],
        expires_at_s=row[4],
    )


def _merge_old(db: sqlite3.Connection, account: str, since: int) -> None:
    """Keep one bucket for all of a rolling account that no longer count and hold nothing."""
    old = "account = ? AND bucket > ? AND bucket < ? AND held = 0"
    where = (account, _MERGED, since)
    (posted,) = db.execute(f"SELECT SUM(posted) FROM account WHERE {old}", where).fetchone()
    if posted is not None:
        db.execute(f"DELETE FROM account WHERE {old}", where)
        db.execute(_ADD_POSTED, (account, _MERGED, posted))


def _fold(db: sqlite3.Connection, before_s: float) -> None:
    """Forget the rows of holds that were settled before then, a few a step; keep their sums."""
    old = db.execute(
        "SELECT hold_id FROM hold WHERE settled_s IS NOT NULL AND settled_s < ? LIMIT ?",
        (before_s, FOLD_MAX),
    ).fetchall()
    for (hold_id,) in old:
        db.execute(
            "INSERT INTO folded (account, amount)"
            " SELECT account, SUM(amount) FROM line WHERE hold_id = ? GROUP BY account"
            " ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
            (hold_id,),
        )
        db.execute("DELETE FROM line WHERE hold_id = ?", (hold_id,))
        db.execute("DELETE FROM hold WHERE hold_id = ?", (hold_id,))


def _audit(db: sqlite3.Connection) -> tuple[Discrepancy, ...]:
    accounts = db.execute("SELECT account, SUM(posted), SUM(held) FROM account GROUP BY account")
    counters = {account: (posted, held) for account, posted, held in accounts}
    rows: dict[str, int] = {}
    for table in ("line", "folded"):
        for account, amount in db.execute(
            f"SELECT account, SUM(amount) FROM {table} GROUP BY account"
        ):
            rows[account] = rows.get(account, 0) + amount
    holds: dict[str, int] = {}
    for scopes, amount in db.execute("SELECT scopes, amount FROM hold WHERE basis IS NULL"):
        for scope in scopes_from_json(scopes):
            holds[scope.account] = holds.get(scope.account, 0) + amount
    return tuple(
        Discrepancy(
            account=account,
            posted_pico=posted,
            rows_pico=rows.get(account, 0),
            held_pico=held,
            holds_pico=holds.get(account, 0),
        )
        for account, (posted, held) in sorted(counters.items())
        if (posted, held) != (rows.get(account, 0), holds.get(account, 0))
    )
