"""Arrays for `schema`: as many items as the prompt enumerates, else a few."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from .merging import flattened
from .validity import canonical, types_of

if TYPE_CHECKING:
    from .example import Maker

__all__ = ["array"]

ITEMS_MAX = 1_000
ITEMS_USUAL = 3
ITEMS_TOLD_MAX = 8
DUPLICATES_MAX = 24


def array(maker: Maker, flat: Mapping[str, Any], name: str, depth: int) -> list[Any]:
    """An array for a schema without combinations.

    Once an item took something from the prompt there are as many as the prompt tells as much of.
    """
    low, high = _bounds(flat)
    prefix = flat.get("prefixItems")
    prefix = prefix if isinstance(prefix, list) else []
    if flat.get("items") is False:
        high = min(high, len(prefix))
    items = [] if prefix else _mentioned(maker, flat, name, high)
    if len(items) >= max(low, 1):
        return items
    wanted = _contained(flat)
    usual = low if maker.minimal(depth) else max(low, len(prefix), min(high, low + _extra(maker)))
    size = min(max(usual, len(prefix) + len(wanted) if wanted else 0), max(high, low))
    items = []
    seen: set[Hashable] = set()
    least = max(low, len(prefix) + len(wanted))
    most = size if maker.minimal(depth) else max(size, min(high, ITEMS_TOLD_MAX))
    told = 0
    for index in range(most):
        mark = maker.claims.mark()
        if index >= size and not (told and mark):
            break
        schema = prefix[index] if index < len(prefix) else flat.get("items")
        if len(prefix) <= index < len(prefix) + len(wanted):
            schema = {"allOf": [schema if schema is not None else True, *wanted[:1]]}
        item = _item(maker, schema, name, depth, seen if flat.get("uniqueItems") is True else None)
        taken = len(mark) - len(maker.claims)
        if index >= least and taken < told:
            # The prompt tells of fewer: an item of which it says less is not one of them.
            maker.claims.back(mark)
            break
        if item is _DUPLICATE:
            break
        told = told or taken
        items.append(item)
    return items


_DUPLICATE = object()


def _extra(maker: Maker) -> int:
    return maker.random.randint(1, ITEMS_USUAL)


def _bounds(flat: Mapping[str, Any]) -> tuple[int, int]:
    low, high = flat.get("minItems"), flat.get("maxItems")
    least = min(max(int(low), 0), ITEMS_MAX) if _is_count(low) else 0
    most = min(max(int(high), 0), ITEMS_MAX) if _is_count(high) else ITEMS_MAX
    return least, most


def _is_count(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _contained(flat: Mapping[str, Any]) -> list[Any]:
    """The schema of `contains`, once for each item that has to satisfy it."""
    if "contains" not in flat:
        return []
    least = flat.get("minContains", 1)
    return [flat["contains"]] * (min(int(least), ITEMS_MAX) if _is_count(least) else 1)


def _mentioned(maker: Maker, flat: Mapping[str, Any], name: str, high: int) -> list[Any]:
    """The numbers or names that the prompt enumerates, if they can be the items."""
    items = flat.get("items")
    if not isinstance(items, Mapping) or not maker.claims.hints.mentions:
        return []
    types = types_of(flattened(items, {}, lambda branches: branches[0]) or {})
    mark = maker.claims.mark()
    found: list[Any] = []
    if "string" in types and "enum" not in items:
        found = maker.claims.texts(name)
    elif "number" in types or "integer" in types:
        found = list(maker.claims.numbers())
    found = found[:high]
    if not maker.fits(found, flat):
        maker.claims.back(mark)
        return []
    return found


def _item(maker: Maker, schema: Any, name: str, depth: int, seen: set[Hashable] | None) -> Any:
    """One item, unlike those `seen` when they have to differ."""
    if seen is None:
        return maker.make(schema, name, depth + 1)
    for _ in range(DUPLICATES_MAX):
        item = maker.make(schema, name, depth + 1)
        if canonical(item) not in seen:
            seen.add(canonical(item))
            return item
    return _DUPLICATE
