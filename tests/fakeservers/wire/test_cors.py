"""Pages of other origins, at the providers that let everyone in."""

import pytest

from fakeservers.wire.base import HttpRequest
from fakeservers.wire.registry import installed
from tests.fakeservers.support import fake

OPT_IN = {"anthropic-dangerous-direct-browser-access": "true"}
ORIGIN = {"origin": "https://example.com"}
PROVIDERS = {provider.name: provider for provider in installed()}
OPEN = ("access-control-allow-origin", "*")


@pytest.mark.parametrize("name", ["claude", "openai", "gemini"])
def test_a_preflight_is_answered(name: str) -> None:
    """Without credentials, for any path, with the headers that were asked for."""
    wanted = {"access-control-request-method": "POST", "access-control-request-headers": "a,b"}
    http = HttpRequest(method="OPTIONS", path="/v1/x", headers=ORIGIN | wanted)
    answer, exchange = fake(PROVIDERS[name]).respond(http)
    assert answer.status == 200 and OPEN in answer.headers
    assert ("access-control-allow-headers", "a,b") in answer.headers
    assert exchange.error is None


@pytest.mark.parametrize("name", ["claude", "openai", "gemini"])
def test_a_page_can_read_what_it_is_answered(name: str) -> None:
    """An error, too."""
    http = HttpRequest(method="GET", path="/v1/models", headers=ORIGIN | OPT_IN)
    answer, _ = fake(PROVIDERS[name]).respond(http)
    assert answer.status in (401, 403) and OPEN in answer.headers


@pytest.mark.parametrize("name", ["claude", "openai", "gemini"])
def test_who_is_no_page_is_told_nothing(name: str) -> None:
    """A request without an origin gets no permission."""
    answer, _ = fake(PROVIDERS[name]).respond(HttpRequest(method="GET", path="/v1/models"))
    assert OPEN not in answer.headers


def test_claude_wants_pages_to_opt_in() -> None:
    """Without the header a page is refused, in words that it cannot read."""
    http = HttpRequest(method="GET", path="/v1/models", headers=ORIGIN | {"x-api-key": "k"})
    answer, _ = fake(PROVIDERS["claude"]).respond(http)
    assert answer.status == 401 and OPEN not in answer.headers
    assert b"CORS requests must set 'anthropic-dangerous-direct-browser-access'" in answer.body
