"""Paths that are almost right."""

import pytest

from fakeservers.wire.base import HttpRequest
from fakeservers.wire.ollama.provider import PROVIDER
from tests.fakeservers.support import fake


@pytest.mark.parametrize(
    ("method", "path", "status", "location"),
    [
        ("POST", "//api/chat", 301, "/api/chat"),
        ("GET", "//api//tags", 301, "/api/tags"),
        ("GET", "/api/x/../tags", 301, "/api/tags"),
        ("GET", "//api/nothing", 301, "/api/nothing"),
        ("GET", "//", 301, "/"),
        ("POST", "//api/chat/", 301, "/api/chat/"),
        ("POST", "/api/chat/", 307, "/api/chat"),
        ("GET", "/api/tags/", 301, "/api/tags"),
    ],
)
def test_moved(method: str, path: str, status: int, location: str) -> None:
    """Empty segments are left out for any path; a slash at the end for a known one."""
    answer, _ = fake(PROVIDER).respond(HttpRequest(method=method, path=path))
    assert answer.status == status
    assert dict(answer.headers)["location"] == location


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/chat/"), ("GET", "/api/nothing/")])
def test_not_moved(method: str, path: str) -> None:
    """A slash at the end of a path that this method does not know is one too many."""
    answer, _ = fake(PROVIDER).respond(HttpRequest(method=method, path=path))
    assert (answer.status, answer.body) == (404, b"404 page not found")


def test_the_query_moves_along() -> None:
    """And a GET is told in HTML."""
    http = HttpRequest(method="GET", path="//api/tags", query={"a": "1 2"})
    answer, _ = fake(PROVIDER).respond(http)
    assert answer.body == b'<a href="/api/tags?a=1+2">Moved Permanently</a>.\n\n'
