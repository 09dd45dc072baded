"""Lists that are read a page at a time, by `limit`, `before_id` and `after_id`."""

from collections.abc import Mapping, Sequence
from typing import Any

from .wording import invalid

__all__ = ["page", "page_size"]

PAGE_SIZE = 20
PAGE_SIZE_MAX = 1000


def page_size(query: Mapping[str, str]) -> int:
    """The `limit` of a query. Raises `Rejected` for one that is none."""
    given = query.get("limit")
    if given is None:
        return PAGE_SIZE
    try:
        size = int(given)
    except ValueError:
        raise invalid(
            ("limit",), "Input should be a valid integer, unable to parse string as an integer"
        ) from None
    if size < 1:
        raise invalid(("limit",), "Input should be greater than or equal to 1")
    if size > PAGE_SIZE_MAX:
        raise invalid(("limit",), f"Input should be less than or equal to {PAGE_SIZE_MAX}")
    return size


def page(items: Sequence[Any], query: Mapping[str, str]) -> tuple[Sequence[Any], bool]:
    """The items of the page, and whether there are more in the direction that was asked for.
    A cursor that names no item has an empty page."""
    size = page_size(query)
    ids = [item.id for item in items]
    if before := query.get("before_id"):
        end = ids.index(before) if before in ids else 0
        return items[max(0, end - size) : end], end > size
    start = 0
    if after := query.get("after_id"):
        start = ids.index(after) + 1 if after in ids else len(ids)
    return items[start : start + size], len(ids) > start + size
