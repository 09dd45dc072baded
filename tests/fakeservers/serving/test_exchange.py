"""The pipeline of one fake, without sockets."""

from dataclasses import replace

import pytest

from fakeservers.behaviour.failures import http_error
from fakeservers.behaviour.matching import Match
from fakeservers.behaviour.replies import raw, scripted
from fakeservers.behaviour.scenario import Rule, Script
from fakeservers.evidence.journal import REDACTED
from fakeservers.wire.base import HttpRequest, RequestHeaders
from tests.fakeservers.support import fake, post
from tests.fakeservers.tiny import TINY


def ask(tiny, text="hello", **headers):
    return tiny.respond(post("/say", {"text": text}, **headers))


def with_rules(*rules):
    tiny = fake(TINY)
    tiny.script = Script(rules=rules)
    return tiny


def test_a_scripted_reply_is_rendered_and_noted():
    """Answer and journal agree."""
    tiny = with_rules(Rule(number=1, replies=(scripted("hi"),)))
    answer, exchange = ask(tiny)
    assert answer.body == b'{"said": "hi"}'
    assert (exchange.status, exchange.text, exchange.prompt) == (200, "hi", "hello")


def test_an_answer_depends_on_what_is_asked_and_how_often():
    """A request in between changes nothing; the second occurrence has an answer of its own."""
    alone, disturbed = fake(TINY, seed=3), fake(TINY, seed=3)
    first, second = ask(alone)[0].body, ask(alone)[0].body
    assert ask(disturbed)[0].body == first
    ask(disturbed, "something else")
    assert ask(disturbed)[0].body == second


def test_another_seed_answers_differently():
    """The seed decides what is not scripted."""
    assert ask(fake(TINY, seed=1))[0].body != ask(fake(TINY, seed=2))[0].body


def test_a_fault_is_the_providers_own_error():
    """`fails` goes through the provider's error."""
    tiny = with_rules(Rule(number=1, error=http_error(418, "short and stout")))
    answer, exchange = ask(tiny)
    assert (answer.status, answer.body) == (418, b"short and stout")
    assert exchange.error.status == 418


def test_an_unmatched_request_is_an_error_and_a_problem():
    """The client and the test read the same text."""
    tiny = with_rules(Rule(number=1, match=Match(prompt="x"), replies=(scripted("hi"),)))
    answer, exchange = ask(tiny)
    assert answer.status == 400
    assert answer.body.decode() == exchange.problem
    assert "The nearest is llmsim.tiny.on(prompt='x')" in exchange.problem


def test_a_script_that_breaks_is_a_problem_and_no_traceback(caplog):
    """The client gets the provider's 500, the journal what happened."""
    tiny = with_rules(Rule(number=1, replies=(lambda request: 1 / 0,)))
    answer, exchange = ask(tiny)
    assert answer.status == 500
    assert b"ZeroDivisionError" not in answer.body
    assert "ZeroDivisionError: division by zero" in exchange.problem


def test_a_function_replies_to_the_request():
    """It gets the canonical request and returns whatever a reply may be."""
    tiny = with_rules(Rule(number=1, replies=(lambda request: request.prompt.upper(),)))
    assert ask(tiny)[0].body == b'{"said": "HELLO"}'


def test_raw_bytes_are_sent_as_they_are():
    """Status, content type and body of the script."""
    tiny = with_rules(
        Rule(number=1, replies=(raw(b"<html>", status=502, content_type="text/html"),))
    )
    answer, _ = ask(tiny)
    assert (answer.status, answer.body) == (502, b"<html>")
    assert ("content-type", "text/html") in answer.headers


@pytest.mark.parametrize(
    ("http", "status", "body"),
    [
        (post("/say", b"{"), 400, b"bad_json"),
        (post("/say", b"\xff\xfe"), 400, b"bad_json"),
        (post("/say", b"[" * 100_000), 400, b"bad_json"),
        (post("/say", {"text": 3}), 422, b"text is missing"),
        (post("/nope", {}), 404, b"unknown_route POST /nope"),
        (HttpRequest(method="GET", path="/say"), 405, b"wrong_method GET /say"),
    ],
)
def test_bad_input_is_the_providers_error_and_is_noted(http, status, body):
    """Never a 500, and the journal holds it."""
    tiny = fake(TINY)
    answer, exchange = tiny.respond(http)
    assert answer.status == status
    assert answer.body.startswith(body)
    assert list(tiny.journal) == [exchange]


def test_credentials_never_reach_the_journal():
    """Headers and query keys that carry one are redacted, whatever the request was."""
    http = replace(post("/say", {"text": "x"}), query={"key": "secret", "alt": "sse"})
    _, exchange = fake(TINY).respond(http)
    assert exchange.headers["authorization"] == REDACTED
    assert exchange.query == {"key": REDACTED, "alt": "sse"}


def test_headers_that_two_providers_share_are_redacted_for_each():
    """What carries credentials differs from provider to provider."""
    shared = RequestHeaders({"authorization": "Bearer key", "x-mine": "secret"})
    http = replace(post("/say", {"text": "x"}), headers=shared)
    other = replace(TINY, secrets=frozenset({"x-mine"}))
    for _ in range(2):
        assert fake(TINY).respond(http)[1].headers["x-mine"] == "secret"
        assert fake(other).respond(http)[1].headers["x-mine"] == REDACTED


def test_a_token_is_asked_of_every_client():
    """It is sent as the API key."""
    guarded = fake(TINY, token="s3cret")
    assert ask(guarded)[0].status == 401
    assert ask(guarded, authorization="Bearer s3cret")[0].status == 200


def test_a_closed_fake_says_why():
    """Nothing is answered from a script that has ended."""
    tiny = with_rules(Rule(number=1, replies=(scripted("hi"),)))
    tiny.closed = "too late"
    answer, exchange = ask(tiny)
    assert (answer.status, answer.body) == (410, b"too late")
    assert exchange.problem is None
