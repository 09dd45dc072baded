"""The ASGI application: reading bodies, refusing what is not HTTP."""

import asyncio

from fakeservers.serving import receiving
from fakeservers.serving.app import App
from fakeservers.serving.service import Service
from tests.fakeservers.support import fake
from tests.fakeservers.tiny import TINY


def run(tiny, parts, *, kind="http", method="POST", path="/say"):
    """What the application sends for a body that arrives in `parts`."""
    messages = []
    incoming = [
        {"type": "http.request", "body": part, "more_body": index < len(parts) - 1}
        for index, part in enumerate(parts)
    ]

    async def receive():
        return incoming.pop(0)

    async def send(message):
        messages.append(message)

    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": b"key=abc&x=%20",
        "headers": [(b"x-a", b"\xe9")],
    }
    asyncio.run(App(Service(tiny))(scope, receive, send))
    return messages


def test_a_body_may_arrive_in_parts():
    """They are joined before anything is parsed."""
    tiny = fake(TINY)
    messages = run(tiny, [b'{"te', b'xt": ', b'"hello"}'])
    assert messages[0]["status"] == 200
    assert next(iter(tiny.journal)).prompt == "hello"


def test_a_body_over_the_limit_is_413(monkeypatch):
    """It is read to its end, so that the sender hears the answer, and noted in the journal."""
    monkeypatch.setattr(receiving, "BODY_BYTES_MAX", 10)
    tiny = fake(TINY)
    messages = run(tiny, [b"x" * 6, b"x" * 6, b"x" * 6])
    assert messages[0]["status"] == 413
    assert [e.status for e in tiny.journal] == [413]


def test_every_answer_is_dated():
    """In the form that HTTP prescribes."""
    headers = dict(run(fake(TINY), [b'{"text": "x"}'])[0]["headers"])
    assert headers[b"date"].endswith(b" GMT")


def test_query_and_headers_are_decoded():
    """Percent escapes in the query; header bytes as Latin-1."""
    tiny = fake(TINY)
    run(tiny, [b'{"text": "x"}'])
    exchange = next(iter(tiny.journal))
    assert exchange.query["x"] == " "
    assert exchange.headers["x-a"] == "é"


def test_the_exchange_is_complete_when_the_last_byte_is_handed_over():
    """Whoever has read the answer finds it in the journal."""
    tiny = fake(TINY)
    run(tiny, [b'{"text": "x"}'])
    exchange = next(iter(tiny.journal))
    assert exchange.outcome == "complete"
    assert exchange.sent_bytes > 0


def test_a_client_that_leaves_before_its_end_is_not_answered():
    """Nothing is sent and nothing decided; the journal tells that it was there."""
    sent = []
    incoming = [
        {"type": "http.request", "body": b'{"text": "x"}', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive():
        return incoming.pop(0)

    async def send(message):
        sent.append(message)

    tiny = fake(TINY)
    scope = {"type": "http", "method": "POST", "path": "/say", "query_string": b"", "headers": []}
    asyncio.run(App(Service(tiny))(scope, receive, send))
    assert sent == []
    assert [(e.outcome, e.status, e.request) for e in tiny.journal] == [("disconnected", 0, None)]
