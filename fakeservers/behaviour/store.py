"""What requests and answers leave on a server for later requests: stored responses, files,
conversations, batches, and what hangs on them. Nothing here reads a clock."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from heapq import heappop, heappush

from ..canonical import Stored

__all__ = ["STORED_BYTES_MAX", "STORED_MAX", "Store"]

STORED_MAX = 4096
"""Items kept a collection; the oldest makes room."""

GONE_MAX = 4096
"""Items that were taken out and are still known to have been there."""

STORED_BYTES_MAX = 256 * 1024 * 1024
"""Bytes of files kept in all; the oldest make room."""


class Store:
    """Stored items by collection and id. A collection named `a/ID/b` hangs on item ID of `a`
    and goes with it."""

    def __init__(self, bytes_max: int = STORED_BYTES_MAX) -> None:
        self._collections: defaultdict[str, OrderedDict[str, Stored]] = defaultdict(OrderedDict)
        self._hanging: defaultdict[str, set[str]] = defaultdict(set)
        """The collections that hang on an item, by `a/ID`."""
        self._expiring: list[tuple[float, str, str]] = []
        self._heavy: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._gone: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._bytes = 0
        self._bytes_max = bytes_max

    def put(self, items: Iterable[Stored]) -> None:
        for item in items:
            collection = self._collections[item.collection]
            collection[item.id] = item
            if owner := item.collection.rpartition("/")[0]:
                self._hanging[owner].add(item.collection)
            if item.expires_s is not None:
                heappush(self._expiring, (item.expires_s, item.collection, item.id))
            if item.size_bytes:
                self._weigh(item)
            if len(collection) > STORED_MAX:
                self.delete(item.collection, next(iter(collection)))

    def get(self, collection: str, id: str) -> Stored | None:
        found = self._collections.get(collection)
        return found.get(id) if found else None

    def all(self, collection: str) -> tuple[Stored, ...]:
        found = self._collections.get(collection)
        return tuple(found.values()) if found else ()

    def delete(self, collection: str, id: str) -> Stored | None:
        """Take an item out and return it, with all that hangs on it gone too."""
        found = self._collections.get(collection)
        item = found.pop(id, None) if found else None
        if item is not None:
            self.forget(collection, id)
            self._bytes -= self._heavy.pop((collection, id), 0)
            for name in self._hanging.pop(f"{collection}/{id}", ()):
                for held in self._collections.pop(name, ()):
                    self._bytes -= self._heavy.pop((name, held), 0)
        return item

    def forget(self, collection: str, id: str) -> None:
        """Know that an item was here, and is not."""
        self._gone[collection, id] = None
        if len(self._gone) > GONE_MAX:
            self._gone.popitem(last=False)

    def had(self, collection: str, id: str) -> bool:
        """Whether an item was here that is gone."""
        return (collection, id) in self._gone

    def expire(self, now_s: float) -> None:
        """Take out what has expired by `now_s`."""
        while self._expiring and self._expiring[0][0] <= now_s:
            _, collection, id = heappop(self._expiring)
            item = self.get(collection, id)
            # It may have been given more time since.
            if item is not None and item.expires_s is not None and item.expires_s <= now_s:
                self.delete(collection, id)

    def _weigh(self, item: Stored) -> None:
        key = (item.collection, item.id)
        self._bytes += item.size_bytes - self._heavy.pop(key, 0)
        self._heavy[key] = item.size_bytes
        while self._bytes > self._bytes_max and len(self._heavy) > 1:
            self.delete(*next(iter(self._heavy)))
