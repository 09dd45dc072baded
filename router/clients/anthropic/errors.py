"""Anthropic's errors: its table, and how its error body reads.

Body: `{"type": "error", "error": {"type", "message", "details"?: {"error_code"}}, "request_id"}`.
Source: platform.claude.com/docs/en/api/errors, and the error classes of the SDK (2.12).
"""

from typing import Any

from ..failures import ErrorFacts, Rule, Vendor

__all__ = ["VENDOR"]

BAD = frozenset({400, 413, 422})

RULES = (
    Rule(
        error_class="context_window",
        status=BAD,
        text=r"prompt is too long|exceeds? (the )?context (limit|window)|input is too long",
    ),
    Rule(error_class="context_window", code="request_too_large"),
    Rule(error_class="billing", status=BAD, text=r"credit balance is too low|purchase credits"),
    # 400s and 429s that waiting does not mend until somebody raises the limit
    Rule(error_class="quota", code="enforced_spend_limit_reached|.*spend_limit.*"),
    Rule(error_class="quota", text=r"reached your specified API usage limits|spend(ing)? limit"),
    Rule(error_class="billing", code="billing_error"),
    Rule(error_class="content_policy", status=BAD, text=r"content filtering policy|usage policy"),
    Rule(error_class="overloaded", code="overloaded_error"),
    Rule(error_class="gateway_timeout", code="timeout_error"),
    Rule(
        error_class="unsupported",
        status=BAD,
        text=r"does not support (assistant message prefill|tool|image|thinking)",
    ),
)
STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def read(body: Any) -> ErrorFacts:
    """The type, the code of `details` and the message; from text only the text."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ErrorFacts(message=body if isinstance(body, str) else "")
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    codes = tuple(str(word) for word in (error.get("type"), code) if word)
    return ErrorFacts(codes=codes, message=str(error.get("message") or ""))


VENDOR = Vendor(
    name="anthropic",
    rules=RULES,
    read=read,
    statuses=STATUSES,
    request_id_header="request-id",
)
