"""The bounded list of exchanges."""

from fakeservers.canonical import Reply, Text
from fakeservers.evidence.journal import Exchange, Journal
from tests.fakeservers.support import chat


def exchange(number=1, **fields):
    return Exchange(number=number, provider="tiny", method="POST", path="/say", **fields)


def test_the_oldest_exchange_makes_room():
    """What was seen is still counted."""
    journal = Journal(size_max=2)
    for number in range(3):
        journal.add(exchange(number))
    assert [kept.number for kept in journal] == [1, 2]
    assert journal.total == 3


def test_a_reader_is_not_disturbed_by_what_comes_in():
    """The server's thread appends while a test reads."""
    journal = Journal()
    journal.add(exchange(1))
    for _ in journal:
        journal.add(exchange(2))
    assert len(journal) == 2


def test_an_exchange_knows_what_was_said():
    """Model, prompt and text, empty where the request could not be read."""
    read = exchange(request=chat("Hi", model="m1"), replies=(Reply(parts=(Text("Hello"),)),))
    assert (read.model, read.prompt, read.text) == ("m1", "Hi", "Hello")
    assert (exchange().model, exchange().prompt, exchange().text) == ("", "", "")
