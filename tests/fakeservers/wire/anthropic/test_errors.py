"""Errors in Anthropic's envelope."""

import json
from typing import Any

import pytest

from fakeservers.canonical import ApiError
from fakeservers.wire.anthropic.provider import PROVIDER
from fakeservers.wire.base import HttpRequest

HTTP = HttpRequest(method="POST", path="/v1/messages")


def said(error: ApiError, stamp: Any) -> tuple[int, dict[str, str], Any]:
    answer = PROVIDER.error(error, HTTP, stamp)
    assert isinstance(answer.body, bytes)
    return answer.status, dict(answer.headers), json.loads(answer.body)


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status(stamp: Any, status: int) -> None:
    """Every error status has a type, a text and the header's request id."""
    sent, headers, body = said(ApiError(status=status), stamp)
    assert (sent, list(body), body["type"]) == (status, ["type", "error", "request_id"], "error")
    assert body["error"]["type"].endswith("_error") or body["error"]["type"] == "request_too_large"
    assert body["error"]["message"]
    assert body["request_id"] == headers["request-id"]


@pytest.mark.parametrize(
    ("status", "type", "text"),
    [
        (400, "invalid_request_error", "Invalid request"),
        (401, "authentication_error", "invalid x-api-key"),
        (402, "billing_error", "Your credit balance is too low"),
        (403, "permission_error", ""),
        (404, "not_found_error", "Not Found"),
        (409, "conflict_error", ""),
        (413, "request_too_large", "Request exceeds the maximum size"),
        (422, "invalid_request_error", ""),
        (429, "rate_limit_error", "This request would exceed your organization's rate limit"),
        (500, "api_error", "Internal server error"),
        (503, "api_error", ""),
        (504, "timeout_error", ""),
        (529, "overloaded_error", "Overloaded"),
    ],
)
def test_types(stamp: Any, status: int, type: str, text: str) -> None:
    """The type follows from the status, as documented."""
    _, _, body = said(ApiError(status=status), stamp)
    assert body["error"]["type"] == type
    assert body["error"]["message"].startswith(text)


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (ApiError(status=503, kind="overloaded"), 529, "Overloaded"),
        (ApiError(status=404, kind="unknown_model", subject="claude-9"), 404, "model: claude-9"),
        (ApiError(status=401, kind="missing_key"), 401, "x-api-key header is required"),
        (
            ApiError(status=400, kind="bad_json", subject="Expecting value"),
            400,
            "The request body is not valid JSON: Expecting value",
        ),
        (ApiError(status=404, kind="unknown_route", subject="GET /x"), 404, "Not Found"),
        (ApiError(status=405, kind="wrong_method"), 405, "Method Not Allowed"),
        (ApiError(status=400, kind="unmatched", message="no rule"), 400, "no rule"),
    ],
    ids=lambda value: value.kind if isinstance(value, ApiError) else "",
)
def test_kinds(stamp: Any, error: ApiError, status: int, text: str) -> None:
    """A known cause has its own status and words."""
    sent, _, body = said(error, stamp)
    assert (sent, body["error"]["message"]) == (status, text)


def test_what_is_given_wins(stamp: Any) -> None:
    """Type, message, code and headers of a scripted error are sent as they are."""
    error = ApiError(
        status=429,
        type="my_error",
        message="Enough.",
        code="enforced_spend_limit_reached",
        headers=(("retry-after", "3"), ("x-should-retry", "false")),
    )
    answer = PROVIDER.error(error, HTTP, stamp)
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body)["error"] == {
        "details": {"error_code": "enforced_spend_limit_reached"},
        "type": "my_error",
        "message": "Enough.",
    }
    assert [value for name, value in answer.headers if name == "x-should-retry"] == ["false"]
    assert ("retry-after", "3") in answer.headers
