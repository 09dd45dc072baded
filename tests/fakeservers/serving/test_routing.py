"""From method and path to endpoint."""

import pytest

from fakeservers.canonical import Rejected
from fakeservers.serving.routing import RouteTable
from fakeservers.wire.base import Route

TABLE = RouteTable(
    (
        Route("POST", "/v1/chat", "chat"),
        Route("GET", "/v1/models", "list"),
        Route("GET", "/v1/models/{model:path}", "get"),
        Route("DELETE", "/v1/models/{model:path}", "delete"),
        Route("POST", "/v1/models/{model:path}:generate", "generate"),
    )
)


@pytest.mark.parametrize(
    ("method", "path", "endpoint", "params"),
    [
        ("POST", "/v1/chat", "chat", {}),
        ("GET", "/v1/models", "list", {}),
        ("HEAD", "/v1/models", "list", {}),
        ("GET", "/v1/models/a/b", "get", {"model": "a/b"}),
        ("DELETE", "/v1/models/a", "delete", {"model": "a"}),
        ("POST", "/v1/models/a:generate", "generate", {"model": "a"}),
    ],
)
def test_a_route_is_found(method, path, endpoint, params):
    """Fixed paths, templates, templates with a verb, HEAD like GET."""
    assert TABLE.find(method, path) == (endpoint, params)


@pytest.mark.parametrize(
    ("method", "path", "kind", "status"),
    [
        ("GET", "/v1/nope", "unknown_route", 404),
        ("GET", "/v1/chat", "wrong_method", 405),
        ("PUT", "/v1/models/a", "wrong_method", 405),
    ],
)
def test_what_is_not_there_is_told_apart(method, path, kind, status):
    """An unknown path is not a wrong method."""
    with pytest.raises(Rejected) as caught:
        TABLE.find(method, path)
    assert (caught.value.error.kind, caught.value.error.status) == (kind, status)
