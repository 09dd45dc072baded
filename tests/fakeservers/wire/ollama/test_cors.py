"""Pages of other origins."""

import pytest

from fakeservers.wire.base import HttpRequest
from fakeservers.wire.ollama.provider import PROVIDER
from tests.fakeservers.support import fake


def from_page(origin: str, method: str = "GET") -> HttpRequest:
    headers = {"origin": origin, "host": "127.0.0.1:11434", "access-control-request-method": "GET"}
    return HttpRequest(method=method, path="/api/tags", headers=headers)


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "https://127.0.0.1", "http://0.0.0.0:80", "app://x", "file://"],
)
def test_pages_of_this_machine_may_call(origin: str) -> None:
    """The preflight is answered, and the answer says whose it is."""
    server = fake(PROVIDER)
    preflight, _ = server.respond(from_page(origin, "OPTIONS"))
    assert (preflight.status, preflight.body) == (204, b"")
    headers = dict(preflight.headers)
    assert headers["access-control-allow-origin"] == origin
    assert "Authorization" in headers["access-control-allow-headers"]
    answer, _ = server.respond(from_page(origin))
    assert answer.status == 200 and ("access-control-allow-origin", origin) in answer.headers


@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
@pytest.mark.parametrize(
    "origin", ["https://example.com", "http://localhost.example.com", "chrome-extension://x"]
)
def test_other_pages_may_not(origin: str, method: str) -> None:
    """They get 403 without a word, and nothing is done."""
    answer, exchange = fake(PROVIDER).respond(from_page(origin, method))
    assert (answer.status, answer.body, exchange.request) == (403, b"", None)


def test_errors_can_be_read_by_a_page() -> None:
    """They carry the headers, too."""
    headers = {"origin": "http://localhost"}
    http = HttpRequest(method="GET", path="/api/nothing", headers=headers)
    answer, _ = fake(PROVIDER).respond(http)
    assert answer.status == 404
    assert ("access-control-allow-origin", "http://localhost") in answer.headers


def test_a_page_of_this_server_is_no_other_origin() -> None:
    """Nothing is said about it."""
    answer, _ = fake(PROVIDER).respond(from_page("http://127.0.0.1:11434"))
    assert not [name for name, _ in answer.headers if name.startswith("access-control")]
