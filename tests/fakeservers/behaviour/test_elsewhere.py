"""Ids of things that this server never made."""

import pytest

from fakeservers.behaviour.elsewhere import may_be_elsewhere
from fakeservers.behaviour.store import Store
from fakeservers.canonical import Stored

RESPONSE = "resp_" + "0a" * 25


@pytest.mark.parametrize(
    ("collection", "id", "known"),
    [
        ("responses", RESPONSE, True),
        ("responses", "resp_missing", False),
        ("files", "file_011CcQH3nbP5brKi4DsVcj7j", True),
        ("files", "file-abc", False),
        ("cachedContents", "7lf5him5ev4iemi1yjv2gwli5bhpz3yidzejwllo", True),
        ("batches", "msgbatch_01", False),
    ],
)
def test_the_form_of_an_id_tells_where_it_may_come_from(collection, id, known):
    """What has the service's own form was made there; anything else was made up."""
    assert may_be_elsewhere(Store(), collection, id) is known


def test_what_was_deleted_here_is_gone():
    """Whatever its form."""
    store = Store()
    store.put([Stored(collection="responses", id=RESPONSE, body={})])
    store.delete("responses", RESPONSE)
    assert not may_be_elsewhere(store, "responses", RESPONSE)
