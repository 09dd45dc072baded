"""Lists that are read a page at a time, by `after`, `limit` and `order`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any

from ...canonical import Rejected, Stored
from .rules import Range, check_range
from .wording import WORDING

__all__ = ["Paging", "check_page", "page"]

LIMITS = Range("integer", 1, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How one list is paged: the limits of a page, and its order where the query names none."""

    limits: Range = LIMITS
    limit: int = 20
    order: str = "asc"

    def check(self, query: Mapping[str, str]) -> None:
        """Raise `Rejected` for a `limit` that is none."""
        text = query.get("limit")
        if text is not None and _number(text) is None:
            raise Rejected(WORDING.wrong_type(("limit",), ("integer",), text))
        check_range("limit", _number(text), self.limits)

    def page(self, items: Sequence[Stored], query: Mapping[str, str]) -> dict[str, Any]:
        """The page of `items`, given oldest first, that a query asks for."""
        descending = (query.get("order") or self.order) == "desc"
        found = list(reversed(items) if descending else items)
        after = query.get("after")
        if any(item.id == after for item in found):
            found = list(dropwhile(lambda item: item.id != after, found))[1:]
        told = found[: self._limit(query)]
        return {
            "object": "list",
            "data": [item.body for item in told],
            "first_id": told[0].id if told else None,
            "last_id": told[-1].id if told else None,
            "has_more": len(found) > len(told),
        }

    def _limit(self, query: Mapping[str, str]) -> int:
        limit = _number(query.get("limit"))
        if limit is None:
            return self.limit
        return int(min(max(limit, self.limits.low), self.limits.high or limit))


def _number(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


USUAL = Paging()


def check_page(query: Mapping[str, str]) -> None:
    """Raise `Rejected` for a `limit` that is none."""
    USUAL.check(query)


def page(items: Sequence[Stored], query: Mapping[str, str]) -> dict[str, Any]:
    """The page of `items` that a query asks for; oldest first unless `order=desc`."""
    return USUAL.page(items, query)
