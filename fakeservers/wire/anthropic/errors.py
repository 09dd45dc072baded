"""Errors in Anthropic's form: the type and the words for each status, the envelope around.

`{"type":"error","error":{"type":T,"message":M},"request_id":"req_011..."}`, types as documented
by the vendor, texts as in recordings and public issue reports.
"""

from collections.abc import Mapping
from typing import Any

from ...canonical import ApiError, Limited, TokenLimit
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..retry import retry_headers
from .headers import JSON, ORGANIZATION_ID, answer_headers, request_id

__all__ = ["error_answer"]

OVERLOADED = 529

_STATUSES: Mapping[str, int] = {"overloaded": OVERLOADED, "quota": 400}
"""Where a kind of error has a status of its own here; credit: public issue logs."""

FILTERED = "Output blocked by content filtering policy"

_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    OVERLOADED: "overloaded_error",
}

_MESSAGES: Mapping[int, str] = {
    400: "Invalid request",
    401: "invalid x-api-key",
    402: "Your credit balance is too low to access the Anthropic API. Please go to Plans & "
    "Billing to upgrade or purchase credits.",
    403: "Request not allowed",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request timeout",
    409: "Conflict",
    413: "Request exceeds the maximum size",
    422: "Unprocessable Entity",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Request timed out",
    OVERLOADED: "Overloaded",
}


_KINDS: Mapping[str, str] = {"file_": "File", "msgbatch_": "Message Batch", "": "Resource"}
"""What is not found, by how its id begins. The words for files are the vendor's documentation's."""


def error_answer(error: ApiError, http: HttpRequest, stamp: Stamp) -> Answer:
    """The answer that says `error`; `code` and `details` go into `error.details`, where the
    SDK looks for an `error_code`."""
    status = _STATUSES.get(error.kind, error.status)
    request = request_id(stamp)
    said: dict[str, Any] = {
        "type": error.type or _TYPES.get(status) or _other_type(status),
        "message": _message(error, status) if error.message is None else error.message,
    }
    if details := _details(error):
        said = {"details": details, **said}
    body = {"type": "error", "error": said, "request_id": request}
    given = {name.lower() for name, _ in error.headers}
    retry = () if "x-should-retry" in given else (("x-should-retry", _should_retry(status)),)
    return Answer(
        status=status,
        headers=(
            *answer_headers(JSON, request, stamp),
            *retry,
            *retry_headers(error, stamp),
            *error.headers,
        ),
        body=json_bytes(body),
    )


def _message(error: ApiError, status: int) -> str:
    match error.kind:
        case "unknown_model" | "retired_model":
            return f"model: {error.subject}"
        case "missing_key":
            return "x-api-key header is required"
        case "quota":
            return _MESSAGES[402]
        case "content_filter":
            return FILTERED
        case "context_window" if error.tokens:
            return _too_long(error.tokens)
        case "output_limit" if error.tokens:
            return (
                f"max_tokens: {error.tokens.output_tokens} > {error.tokens.limit_tokens}, which "
                f"is the maximum allowed number of output tokens for {error.subject}"
            )
        case "bad_json":
            return f"The request body is not valid JSON: {error.subject}"
        case "not_found":
            kind = next((name for head, name in _KINDS.items() if error.subject.startswith(head)))
            return f"{kind} not found: {error.subject}"
        case "not_ended":
            return f"Message Batch {error.subject} is still processing."
    if status == 429:
        return _rate_limited(error.limited)
    fallback = "Invalid request" if status < 500 else "Internal server error"
    return _MESSAGES.get(status, fallback)


def _rate_limited(hit: Limited | None) -> str:
    hit = hit or Limited(metered="requests", limit=50, used=50, requested=1)
    model = f", model: {hit.model}" if hit.model else ""
    return (
        f"This request would exceed your organization's rate limit of {hit.limit:,} "
        f"{hit.metered.replace('_', ' ')} per minute (org: {ORGANIZATION_ID}{model}). For details, "
        "refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers "
        "for current usage. Please reduce the prompt length or the maximum tokens requested, or "
        "try again later. You may also contact sales at https://claude.com/contact-sales to "
        "discuss your options for a rate limit increase."
    )


def _too_long(tokens: TokenLimit) -> str:
    asked, answer, most = tokens.input_tokens, tokens.output_tokens, tokens.limit_tokens
    if not answer:
        return f"prompt is too long: {asked} tokens > {most} maximum"
    return (
        f"input length and `max_tokens` exceed context limit: {asked} + {answer} > {most}, "
        "decrease input length or `max_tokens` and try again"
    )


def _other_type(status: int) -> str:
    return "invalid_request_error" if status < 500 else "api_error"


def _should_retry(status: int) -> str:
    """The statuses that the official SDKs retry of themselves (anthropic SDK 2.12)."""
    return "true" if status in (408, 409, 429) or status >= 500 else "false"


def _details(error: ApiError) -> Any:
    details: Any = error.details
    if error.code is None or error.kind == "not_found":
        return details
    more = details if isinstance(details, Mapping) else {}
    return {"error_code": error.code, **more}
