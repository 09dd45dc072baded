"""The bounded list of exchanges."""

from fakeservers.canonical import Reply, Text
from fakeservers.evidence.journal import Exchange, Journal
from tests.fakeservers.support import chat, post
from tests.fakeservers.tiny import Say


def exchange(number=1, *, request=None, body=b"", **fields):
    """An exchange with this request, or with these bytes that nothing has read."""
    return Exchange(
        number=number,
        provider="tiny",
        http=post("/say", body),
        continued=request,
        **fields,
    )


def test_the_oldest_exchange_makes_room():
    """What was seen is still counted."""
    journal = Journal(size_max=2)
    for number in range(3):
        journal.add(exchange(number))
    assert [kept.number for kept in journal] == [1, 2]
    assert journal.total == 3


def test_long_bodies_make_room_too():
    """The newest exchange is always kept."""
    journal = Journal(bodies_bytes_max=10)
    for number in range(3):
        journal.add(exchange(number, body=b"x" * 6))
    assert [kept.number for kept in journal] == [2]
    journal.add(exchange(3, body=b"x" * 60))
    assert [kept.number for kept in journal] == [3]


def test_the_bytes_are_read_again_when_looked_at():
    """Nothing else is kept of a request; what is not JSON stays bytes, and no request."""
    read = exchange(body=b'{"text": "Hi"}', endpoint=Say())
    assert (read.request.prompt, read.body) == ("Hi", {"text": "Hi"})
    broken = exchange(body=b"{", endpoint=Say())
    assert (broken.request, broken.body) == (None, b"{")


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
