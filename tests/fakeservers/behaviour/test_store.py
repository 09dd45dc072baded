"""What answers leave behind, and that it is bounded."""

from fakeservers.behaviour.store import STORED_MAX, Store
from fakeservers.canonical import Stored


def item(id, collection="responses"):
    return Stored(collection=collection, id=id, body={"id": id})


def test_an_item_goes_with_all_that_hangs_on_it():
    """Deleting a response deletes its input items."""
    store = Store()
    store.put([item("r1"), item("i1", "responses/r1/input_items")])
    assert store.delete("responses", "r1").id == "r1"
    assert store.all("responses/r1/input_items") == ()


def test_the_oldest_item_makes_room():
    """A collection never holds more than its bound."""
    store = Store()
    store.put(item(str(number)) for number in range(STORED_MAX + 1))
    assert store.get("responses", "0") is None
    assert len(store.all("responses")) == STORED_MAX


def test_nothing_is_found_where_nothing_is():
    """Neither an unknown item nor an unknown collection is an error here."""
    assert Store().get("responses", "x") is None
    assert Store().delete("responses", "x") is None


def test_what_expires_is_gone() -> None:
    """An item is taken out at the moment that it names, unless it was given more time."""
    store = Store()
    store.put([Stored(collection="files", id=id, body=None, expires_s=10) for id in "ab"])
    store.put([Stored(collection="files", id="b", body=None, expires_s=20)])
    store.expire(9)
    assert len(store.all("files")) == 2
    store.expire(10)
    assert [item.id for item in store.all("files")] == ["b"]


def test_heavy_items_make_room() -> None:
    """When files weigh too much in all, the oldest go; light items stay."""
    store = Store(bytes_max=100)
    store.put([Stored(collection="responses", id="r", body=None)])
    store.put([Stored(collection="files", id=id, body=None, size_bytes=60) for id in "abc"])
    assert [item.id for item in store.all("files")] == ["c"]
    assert store.get("responses", "r") is not None
