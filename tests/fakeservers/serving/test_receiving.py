"""Heads that were parsed before."""

import pytest

from fakeservers.serving import receiving
from fakeservers.wire.base import HttpRequest, RequestHeaders

HEAD = b"POST /say?a=1 HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n"


def parsed(body=b"{}", **headers):
    return HttpRequest(
        method="POST",
        path="/say",
        query={"a": "1"},
        headers=RequestHeaders({"host": "x", "content-length": "2", **headers}),
        body=body,
    )


def test_a_head_that_came_before_is_known():
    """With another body of the same length."""
    heads = receiving.Heads()
    assert heads.request(HEAD + b"{}") is None
    heads.learn(HEAD + b"{}", parsed())
    known = heads.request(HEAD + b"[]")
    assert (known.method, known.path, known.query, known.body) == (
        "POST",
        "/say",
        {"a": "1"},
        b"[]",
    )
    assert known.headers == parsed().headers


@pytest.mark.parametrize("data", [HEAD, HEAD + b"{", HEAD + b"{}P", HEAD + b"{}" + HEAD + b"{}"])
def test_what_is_not_just_one_request_is_parsed(data):
    """A part of one, one and a bit, two."""
    heads = receiving.Heads()
    heads.learn(HEAD + b"{}", parsed())
    assert heads.request(data) is None


@pytest.mark.parametrize("name", ["expect", "transfer-encoding", "upgrade"])
def test_what_is_more_than_head_and_body_is_not_learned(name):
    """The parser has to see it each time."""
    heads = receiving.Heads()
    heads.learn(HEAD + b"{}", parsed(**{name: "x"}))
    assert heads.request(HEAD + b"{}") is None


def test_heads_are_forgotten():
    """The oldest first."""
    heads = receiving.Heads()
    for number in range(receiving.HEADS_REMEMBERED_MAX + 1):
        heads.learn(b"%d" % number + HEAD + b"{}", parsed())
    assert heads.request(b"0" + HEAD + b"{}") is None
    assert heads.request(b"1" + HEAD + b"{}") is not None
