"""What answers leave on a server for later requests: stored responses and what hangs on them."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable

from ..canonical import Stored

__all__ = ["STORED_MAX", "Store"]

STORED_MAX = 4096
"""Items kept a collection; the oldest makes room."""


class Store:
    """Stored items by collection and id. A collection named `a/ID/b` hangs on item ID of `a`
    and goes with it."""

    def __init__(self) -> None:
        self._collections: defaultdict[str, OrderedDict[str, Stored]] = defaultdict(OrderedDict)
        self._hanging: defaultdict[str, set[str]] = defaultdict(set)
        """The collections that hang on an item, by `a/ID`."""

    def put(self, items: Iterable[Stored]) -> None:
        for item in items:
            collection = self._collections[item.collection]
            collection[item.id] = item
            if owner := item.collection.rpartition("/")[0]:
                self._hanging[owner].add(item.collection)
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
            for name in self._hanging.pop(f"{collection}/{id}", ()):
                self._collections.pop(name, None)
        return item
