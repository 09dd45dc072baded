"""Lists that are read a page at a time, by `pageSize` and `pageToken`."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...canonical import Rejected
from .wording import WORDING, invalid

__all__ = ["Paging"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How one list is paged: the usual size of a page, and the greatest."""

    size: int
    size_max: int

    def check(self, query: Mapping[str, str]) -> None:
        """Raise `Rejected` for a size or a token that is none."""
        self._page_size(query)
        _after(query)

    def page(
        self, items: Sequence[Any], query: Mapping[str, str], name: Callable[[Any], str]
    ) -> tuple[Sequence[Any], str]:
        """The items of the page that a query asks for, and the token of the next one, empty for
        the last. `name` tells an item's resource name."""
        size, after = self._page_size(query), _after(query)
        names = [name(item) for item in items]
        start = names.index(after) + 1 if after in names else 0
        shown = items[start : start + size]
        more = bool(shown) and start + size < len(names)
        return shown, _token(names[start + size - 1]) if more else ""

    def _page_size(self, query: Mapping[str, str]) -> int:
        given = query.get("pageSize") or query.get("page_size") or "0"
        if not re.fullmatch(r"-?\d{1,9}", given):
            raise Rejected(WORDING.wrong_type(("pageSize",), ("integer",), given))
        size = int(given)
        if size < 0:
            raise Rejected(invalid("Request contains an invalid argument."))
        return min(size or self.size, self.size_max)


def _token(name: str) -> str:
    """The last name of the page as the one field of a protobuf message, in base64 (recorded
    2026). Names longer than a length of one byte are cut: no such name is known."""
    data = name.encode()[:127]
    return urlsafe_b64encode(bytes((0x0A, len(data))) + data).decode("ascii")


def _after(query: Mapping[str, str]) -> str | None:
    """The name after which the page begins, None for the first page."""
    given = query.get("pageToken") or query.get("page_token")
    if not given:
        return None
    try:
        data = urlsafe_b64decode(given.encode("ascii"))
        name = data[2:].decode()
    except (Base64Error, ValueError) as problem:
        raise Rejected(invalid("Request contains an invalid argument.")) from problem
    if data[:2] != bytes((0x0A, len(data[2:]) & 0x7F)):
        raise Rejected(invalid("Request contains an invalid argument."))
    return name
