"""Errors, routes, environment; and that no body at all breaks an endpoint."""

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.canonical import ApiError
from fakeservers.wire.base import HttpRequest, Stamp
from fakeservers.wire.ollama.provider import PROVIDER
from tests.fakeservers.support import fake
from tests.fakeservers.support import post as posted


def told(problem: ApiError, stamp: Stamp, path: str = "/api/chat", body: bytes = b"") -> Any:
    http = HttpRequest(method="POST", path=path, body=body)
    answer = PROVIDER.error(problem, http, stamp)
    assert isinstance(answer.body, bytes)
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    ("problem", "path", "status", "words"),
    [
        (ApiError(status=404, kind="unknown_model", subject="x"), "/api/chat", 404, "model 'x'"),
        (ApiError(status=404, kind="unknown_model", subject="x"), "/api/copy", 404, 'model "x"'),
        (
            ApiError(status=404, kind="unknown_model", subject="x"),
            "/api/embeddings",
            404,
            'model "x" not found, try pulling it first',
        ),
        (ApiError(status=404, kind="not_found", subject="s"), "/api/blobs/s", 404, 'blob "s"'),
        (ApiError(status=529, kind="overloaded"), "/api/chat", 503, "server busy, please try"),
        (ApiError(status=500), "/api/chat", 500, "while running the model"),
        (ApiError(status=400, message="So."), "/api/chat", 400, "So."),
        (ApiError(status=418), "/api/chat", 418, "teapot"),
    ],
)
def test_native_errors(stamp: Stamp, problem: ApiError, path: str, status: int, words: str) -> None:
    """An error is one text, in the server's words where the script has none."""
    found, body = told(problem, stamp, path)
    assert found == status and words in body["error"]


def test_unauthorized_says_where_to_sign_in(stamp: Stamp) -> None:
    """The one error with a second field."""
    assert list(told(ApiError(status=401), stamp)[1]) == ["error", "signin_url"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (404, "not_found_error"), (429, "api_error")],
)
def test_compatible_errors(stamp: Stamp, status: int, kind: str) -> None:
    """Under /v1 errors are OpenAI's (measured 2026-04), for messages Anthropic's."""
    _, body = told(ApiError(status=status, message="So."), stamp, "/v1/chat/completions")
    assert body == {"error": {"message": "So.", "type": kind, "param": None, "code": None}}
    _, body = told(ApiError(status=status, message="So."), stamp, "/v1/messages")
    assert body["type"] == "error" and body["error"]["message"] == "So."


def test_bad_json_under_v1(stamp: Stamp) -> None:
    """A body that is no JSON is refused in Go's words there too."""
    problem = ApiError(status=400, kind="bad_json", subject="elsewhere")
    _, body = told(problem, stamp, "/v1/chat/completions", b"{x")
    words = "invalid character 'x' looking for beginning of object key string"
    assert body["error"]["message"] == words


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/v1/messages"])
def test_every_status(stamp: Stamp, path: str) -> None:
    """Any status can be said, with headers of the script's."""
    for status in range(400, 600):
        problem = ApiError(status=status, headers=(("retry-after", "2"),))
        answer = PROVIDER.error(problem, HttpRequest(method="POST", path=path), stamp)
        assert answer.status == status and ("retry-after", "2") in answer.headers
        assert isinstance(answer.body, bytes) and json.loads(answer.body)["error"]


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/api/nothing", 404, b"404 page not found"),
        ("GET", "/v1/nothing", 404, b"404 page not found"),
        ("GET", "/api/chat", 405, b"405 method not allowed"),
        ("DELETE", "/api/tags", 405, b"405 method not allowed"),
    ],
)
def test_unknown_routes(method: str, path: str, status: int, body: bytes) -> None:
    """What is not served is refused by the web framework, in plain text."""
    answer, _ = fake(PROVIDER).respond(HttpRequest(method=method, path=path))
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers[0] == ("content-type", "text/plain")


@pytest.mark.parametrize("path", ["/", "/api/tags", "/api/version"])
def test_head(path: str) -> None:
    """Clients look for a server with HEAD."""
    answer, _ = fake(PROVIDER).respond(HttpRequest(method="HEAD", path=path))
    assert answer.status == 200


def test_a_blob_is_there_once_it_was_sent() -> None:
    """HEAD finds a blob after a POST, and not before."""
    server = fake(PROVIDER)
    digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    head = HttpRequest(method="HEAD", path=f"/api/blobs/{digest}")
    assert server.respond(head)[0].status == 404
    assert server.respond(posted(f"/api/blobs/{digest}", b""))[0].status == 201
    assert server.respond(head)[0].status == 200


def test_environment() -> None:
    """The SDK finds the fake by OLLAMA_HOST; no key is asked for."""
    assert PROVIDER.env("http://127.0.0.1:1") == {"OLLAMA_HOST": "http://127.0.0.1:1"}
    assert PROVIDER.admit is None and "authorization" in PROVIDER.secrets


def test_attach_moves_the_imported_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client that the module made when it was imported is pointed at the fake, and back."""
    http = SimpleNamespace(base_url="http://before")

    class Client:
        _client = http

        def chat(self) -> None: ...

    monkeypatch.setitem(sys.modules, "ollama", SimpleNamespace(chat=Client().chat))  # type: ignore[arg-type]
    assert PROVIDER.attach is not None
    with PROVIDER.attach("http://fake"):
        assert http.base_url == "http://fake"
    assert http.base_url == "http://before"


def test_attach_needs_no_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the SDK is not imported there is nothing to point."""
    monkeypatch.delitem(sys.modules, "ollama", raising=False)
    assert PROVIDER.attach is not None
    with PROVIDER.attach("http://fake"):
        assert "ollama" not in sys.modules


WORDS = """
    model name messages role content images tool_calls function arguments tools parameters type
    options stop num_predict format think keep_alive prompt system context input dimensions
    source destination from files stream raw thinking tool_name properties required
"""
KEYS = st.sampled_from(WORDS.split())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["llama3.2", "user", "assistant", "tool", "json", "0s"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
REQUEST = st.fixed_dictionaries(
    {"model": st.sampled_from(["llama3.2", "nomic-embed-text", "x"])},
    optional={
        "messages": st.lists(st.dictionaries(KEYS, JSON, max_size=5), max_size=3) | JSON,
        "prompt": JSON,
        "input": JSON,
        "tools": JSON,
        "options": JSON,
        "format": JSON,
        "think": JSON,
        "stream": st.booleans(),
        "from": JSON,
    },
)
ENDPOINTS = sorted({(route.method, route.path) for route in PROVIDER.routes})


@settings(max_examples=100)
@given(body=REQUEST | JSON, endpoint=st.sampled_from(ENDPOINTS))
def test_no_body_breaks_an_endpoint(body: Any, endpoint: tuple[str, str]) -> None:
    """Whatever JSON is sent, the answer is one of the server's own and never a 500."""
    method, path = endpoint
    http = HttpRequest(method=method, path=path, body=json.dumps(body).encode())
    answer, _ = fake(PROVIDER).respond(http)
    data = answer.body if isinstance(answer.body, bytes) else b"".join(f.data for f in answer.body)
    assert answer.status < 500, data


@settings(max_examples=100)
@given(body=st.binary(max_size=40), endpoint=st.sampled_from(ENDPOINTS))
def test_no_bytes_break_an_endpoint(body: bytes, endpoint: tuple[str, str]) -> None:
    """Nor do bytes that are no JSON."""
    method, path = endpoint
    answer, _ = fake(PROVIDER).respond(HttpRequest(method=method, path=path, body=body))
    assert answer.status < 500
