"""Lists that are read a page at a time, by `after`, `limit` and `order`."""

from collections.abc import Mapping, Sequence
from itertools import dropwhile
from typing import Any

from ...canonical import Rejected, Stored
from .rules import Range, check_range
from .wording import WORDING

__all__ = ["check_page", "page"]

LIMIT = 20
LIMITS = Range("integer", 1, 100)


def check_page(query: Mapping[str, str]) -> None:
    """Raise `Rejected` for a `limit` that is none."""
    text = query.get("limit")
    if text is not None and _number(text) is None:
        raise Rejected(WORDING.wrong_type(("limit",), ("integer",), text))
    check_range("limit", _number(text), LIMITS)


def page(items: Sequence[Stored], query: Mapping[str, str]) -> dict[str, Any]:
    """The page of `items` that a query asks for; oldest first unless `order=desc`."""
    found = list(reversed(items) if query.get("order") == "desc" else items)
    after = query.get("after")
    if any(item.id == after for item in found):
        found = list(dropwhile(lambda item: item.id != after, found))[1:]
    told = found[: _limit(query)]
    return {
        "object": "list",
        "data": [item.body for item in told],
        "first_id": told[0].id if told else None,
        "last_id": told[-1].id if told else None,
        "has_more": len(found) > len(told),
    }


def _limit(query: Mapping[str, str]) -> int:
    limit = _number(query.get("limit"))
    return LIMIT if limit is None else min(max(limit, LIMITS.low), LIMITS.high or limit)


def _number(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None
