"""Errors in OpenAI's envelope."""

import json
from typing import Any

import pytest

from fakeservers.canonical import ApiError, Rejected
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.openai.errors import admit
from fakeservers.wire.openai.provider import PROVIDER
from tests.fakeservers.support import post

CHAT = post("/v1/chat/completions", {"model": "gpt-4o"}, authorization="Bearer sk-abcdefghijklmnop")


def said(error: ApiError, stamp: Any, http: HttpRequest = CHAT) -> tuple[int, dict[str, Any]]:
    answer = PROVIDER.error(error, http, stamp)
    assert isinstance(answer.body, bytes)
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status(stamp: Any, status: int) -> None:
    """Every error status has the four fields, a text and a type."""
    sent, body = said(ApiError(status=status), stamp)
    assert (sent, list(body)) == (status, ["error"])
    assert list(body["error"]) == ["message", "type", "param", "code"]
    assert body["error"]["message"]
    assert body["error"]["type"]


@pytest.mark.parametrize(
    ("error", "type", "code", "text"),
    [
        (
            ApiError(status=401),
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided: sk-abcde*******mnop. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
        ),
        (
            ApiError(status=401, kind="missing_key"),
            "invalid_request_error",
            None,
            "You didn't provide an API key.",
        ),
        (
            ApiError(status=429),
            "requests",
            "rate_limit_exceeded",
            "Rate limit reached for gpt-4o in organization org-",
        ),
        (
            ApiError(status=429, code="insufficient_quota"),
            "insufficient_quota",
            "insufficient_quota",
            "You exceeded your current quota",
        ),
        (ApiError(status=500), "server_error", None, "The server had an error while processing"),
        (
            ApiError(status=503, kind="overloaded"),
            "server_error",
            None,
            "The engine is currently overloaded, please try again later",
        ),
        (
            ApiError(status=400, kind="bad_json"),
            "invalid_request_error",
            None,
            "We could not parse the JSON body of your request.",
        ),
        (
            ApiError(status=404, kind="unknown_route", subject="POST /v1/nope"),
            "invalid_request_error",
            None,
            "Invalid URL (POST /v1/nope)",
        ),
        (
            ApiError(status=405, kind="wrong_method", subject="GET /v1/embeddings"),
            "invalid_request_error",
            None,
            "Not allowed to GET on /v1/embeddings.",
        ),
        (
            ApiError(status=404, kind="unknown_model", subject="gpt-9"),
            "invalid_request_error",
            "model_not_found",
            "The model `gpt-9` does not exist or you do not have access to it.",
        ),
        (
            ApiError(status=404, kind="not_found", subject="chatcmpl-1"),
            "invalid_request_error",
            None,
            "Chat completion with id 'chatcmpl-1' not found.",
        ),
    ],
    ids=lambda value: f"{value.status} {value.kind}" if isinstance(value, ApiError) else "",
)
def test_words(stamp: Any, error: ApiError, type: str, code: str | None, text: str) -> None:
    """A known cause has its own words, type and code."""
    sent, body = said(error, stamp)
    told = body["error"]
    assert (sent, told["type"], told["code"]) == (error.status, type, code)
    assert told["message"].startswith(text)


def test_unknown_model_elsewhere(stamp: Any) -> None:
    """The Responses API and the models' own path tell of an unknown model in other words."""
    error = ApiError(status=404, kind="unknown_model", subject="x")
    status, body = said(error, stamp, post("/v1/responses", {}))
    assert (status, body["error"]["param"]) == (400, "model")
    status, body = said(error, stamp, HttpRequest(method="GET", path="/v1/models/x"))
    assert (status, body["error"]["message"]) == (404, "The model 'x' does not exist")


@pytest.mark.parametrize("key", ["EMPTY", "sk-test-key1"])
def test_short_keys(stamp: Any, key: str) -> None:
    """A short key is told as it is."""
    http = post("/v1/chat/completions", {}, authorization=f"Bearer {key}")
    _, body = said(ApiError(status=401), stamp, http)
    assert f"provided: {key}. You" in body["error"]["message"]


def test_wait(stamp: Any) -> None:
    """The text of a rate limit names the same wait as the header."""
    error = ApiError(status=429, retry_after_s=1.5)
    answer = PROVIDER.error(error, CHAT, stamp)
    assert ("retry-after", "1.5") in answer.headers
    assert b"Please try again in 1.5s." in bytes(answer.body)  # type: ignore[arg-type]


def test_what_is_given_wins(stamp: Any) -> None:
    """Words, type, param and code of a scripted error are sent as they are."""
    error = ApiError(status=429, message="Enough.", type="mine", param="p", code="c")
    _, body = said(error, stamp)
    assert body["error"] == {"message": "Enough.", "type": "mine", "param": "p", "code": "c"}


def test_words_without_code(stamp: Any) -> None:
    """A scripted text alone has no code that it did not give."""
    _, body = said(ApiError(status=429, message="Enough."), stamp)
    assert (body["error"]["code"], body["error"]["type"]) == (None, "requests")


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer "}, {"authorization": "Basic abc"}],
    ids=["none", "empty", "basic"],
)
def test_not_admitted(headers: dict[str, str]) -> None:
    """Without a key nobody is admitted."""
    with pytest.raises(Rejected, match="missing_key"):
        admit(HttpRequest(method="GET", path="/v1/models", headers=headers))


@pytest.mark.parametrize("headers", [{"authorization": "bearer k"}, {"api-key": "k"}], ids=str)
def test_admitted(headers: dict[str, str]) -> None:
    """Any key will do."""
    admit(HttpRequest(method="GET", path="/v1/models", headers=headers))
