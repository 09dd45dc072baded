"""What every store shares: two questions beyond the contract, checks of arguments, JSON of scopes.

What belongs here: what memory, SQLite and Redis would otherwise each say. What must not: a
store's own way of keeping anything.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

from ..windows import rolling_buckets
from .base import Ledger, Scope, Settlement

__all__ = [
    "PICO_MAX",
    "Discrepancy",
    "Store",
    "buckets",
    "checked_amount",
    "checked_scopes",
    "has_room",
    "posted_amount",
    "scopes_from_json",
    "scopes_to_json",
]

PICO_MAX = 2**63 - 1
"""The largest amount of one account, in pico-dollars: about nine million US dollars. A larger
limit is refused when it is used; None is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """An account whose counter is not the sum of its rows, or of its open holds."""

    account: str
    posted_pico: int
    rows_pico: int
    held_pico: int
    holds_pico: int


class Store(Ledger, Protocol):
    """A ledger that can also be set right and checked.

    It `is_lasting` if its rows outlive the process: then each has its cost record in `detail`.
    """

    @property
    def is_lasting(self) -> bool: ...

    async def reconcile(self, hold_id: str, settlement: Settlement) -> bool:
        """Replace what an expired hold was taken to have cost by the truth, once: a further row
        holds the difference. False for a hold that did not expire or was reconciled before."""
        ...

    async def audit(self) -> tuple[Discrepancy, ...]:
        """Every account whose counter differs from its rows and holds; () is as it should be."""
        ...


def checked_amount(amount_pico: int) -> int:
    """The amount. Raises TypeError unless it is an int, ValueError out of 0 to PICO_MAX."""
    if type(amount_pico) is not int:
        raise TypeError(f"{amount_pico!r} is not an int: amounts are whole pico-dollars")
    if not 0 <= amount_pico <= PICO_MAX:
        raise ValueError(f"{amount_pico} pico-dollars: an amount is from 0 to {PICO_MAX}")
    return amount_pico


def checked_scopes(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """The scopes in the order in which they are taken, each account once, its least limit."""
    found: dict[str, Scope] = {}
    for scope in scopes:
        if scope.limit_pico is not None:
            checked_amount(scope.limit_pico)
        other = found.get(scope.account)
        if other is None or _tighter(scope, other):
            found[scope.account] = scope
    return tuple(found[account] for account in sorted(found))


def _tighter(scope: Scope, other: Scope) -> bool:
    if scope.enforced != other.enforced:
        return scope.enforced
    if scope.limit_pico is None or other.limit_pico is None:
        return scope.limit_pico is not None
    return scope.limit_pico < other.limit_pico


def has_room(scope: Scope, used_pico: int, amount_pico: int) -> bool:
    """Whether a scope admits the amount. A limit of 0 admits nothing, not even what is free."""
    if scope.limit_pico is None or not scope.enforced:
        return True
    return scope.limit_pico > 0 and used_pico + amount_pico <= scope.limit_pico


def posted_amount(settlement: Settlement) -> int:
    """What a settlement posts: nothing where it is void."""
    return 0 if settlement.basis == "void" else checked_amount(settlement.amount_pico)


def buckets(scope: Scope, wall_s: float) -> tuple[int, int]:
    """The bucket of this account in which an amount is counted now, and the first that counts."""
    return rolling_buckets(wall_s, scope.rolling_s)


def scopes_to_json(scopes: Sequence[Scope]) -> str:
    names = [field.name for field in fields(Scope)]
    return json.dumps([{name: getattr(scope, name) for name in names} for scope in scopes])


def scopes_from_json(text: str) -> tuple[Scope, ...]:
    return tuple(Scope(**values) for values in json.loads(text))
