"""OpenAI's errors: its table, and how its error body reads.

Body: `{"error": {"message", "type", "param", "code"}}`; inside a Responses stream the event itself
has `code` and `message`. Source: platform.openai.com/docs/guides/error-codes, and what the API was
seen to answer. Serves its imitators too, so it looks at words where their codes differ.
"""

from typing import Any

from ..failures import ErrorFacts, Rule, Vendor

__all__ = ["RULES", "STATUSES", "VENDOR", "read"]

BAD = frozenset({400, 413, 422})

RULES = (
    Rule(error_class="quota", code="insufficient_quota|.*quota_exceeded"),
    Rule(error_class="billing", code="billing_hard_limit_reached|billing_not_active"),
    Rule(error_class="billing", code="insufficient_(balance|funds|credits)"),
    Rule(error_class="context_window", code="context_length_exceeded|string_above_max_length"),
    Rule(
        error_class="context_window",
        status=BAD,
        text=r"maximum context length|exceeds? the (model'?s? )?context|context window",
    ),
    Rule(error_class="content_policy", code="content_policy_violation|content_filter"),
    Rule(error_class="content_policy", code="invalid_prompt|moderation_blocked"),
    Rule(error_class="not_found", code="model_not_found"),
    Rule(error_class="auth", code="invalid_api_key"),
    Rule(error_class="rate_limit", code="rate_limit_exceeded"),
    Rule(
        error_class="unsupported",
        status=BAD,
        text=r"(image|image_url|tools?|function calling).{0,40}not supported"
        r"|does not support (images?|tools?|image input)",
    ),
    Rule(error_class="overloaded", code="server_overloaded|engine_overloaded|slow_down"),
)
STATUSES = {
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "context_length_exceeded": 400,
    "invalid_api_key": 401,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "tokens": 429,
    "requests": 429,
    "server_error": 500,
    "overloaded_error": 503,
}


def read(body: Any) -> ErrorFacts:
    """Code, type and message; from text only the text."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return ErrorFacts(message=error if isinstance(error, str) else "")
    codes = tuple(str(word) for word in (error.get("code"), error.get("type")) if word)
    return ErrorFacts(codes=codes, message=str(error.get("message") or error.get("detail") or ""))


VENDOR = Vendor(name="openai", rules=RULES, read=read, statuses=STATUSES)
