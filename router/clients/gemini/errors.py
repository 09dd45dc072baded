"""Gemini's errors: its table, and how its error body reads.

Body: google.rpc.Status in `error`: `code`, `message`, `status`, `details` with ErrorInfo (reason),
QuotaFailure (quotaId) and RetryInfo (retryDelay). Source: ai.google.dev/gemini-api/docs/
troubleshooting and rate-limits, googleapis/google/rpc/error_details.proto.
"""

from collections.abc import Iterable
from typing import Any

from ..failures import ErrorFacts, Rule, Vendor

__all__ = ["VENDOR"]

RULES = (
    Rule(error_class="auth", code="API_KEY_.*|ACCESS_TOKEN_.*|UNAUTHENTICATED"),
    Rule(error_class="auth", text=r"API key (not valid|expired|not found)|unregistered callers"),
    Rule(
        error_class="context_window",
        text=r"token count.{0,40}exceeds the maximum|exceeds the maximum number of tokens",
    ),
    Rule(error_class="context_window", text=r"payload size exceeds"),
    Rule(error_class="billing", code="BILLING_DISABLED|.*_BILLING_.*"),
    Rule(error_class="billing", text=r"billing (is|has been|to be) (disabled|enabled)"),
    Rule(error_class="quota", status=frozenset({429}), text=r"\blimit: 0\b"),
    Rule(error_class="permission", text=r"location is not supported"),
    Rule(error_class="content_policy", status=frozenset({400}), text=r"prohibited|blocked by"),
    Rule(
        error_class="unsupported",
        status=frozenset({400}),
        text=r"function calling is not enabled|(does not|doesn't) support|is not supported",
    ),
)
STATUSES = {
    "invalid_argument": 400,
    "failed_precondition": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "resource_exhausted": 429,
    "cancelled": 499,
    "internal": 500,
    "unknown": 500,
    "unavailable": 503,
    "deadline_exceeded": 504,
}


def read(body: Any) -> ErrorFacts:
    """Status, reasons, quota ids and the message; the error may stand in a list of one."""
    if isinstance(body, list):
        body = body[0] if body else None
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ErrorFacts(message=body if isinstance(body, str) else "")
    codes = (error.get("status"), *_details(error.get("details")))
    return ErrorFacts(
        codes=tuple(str(code) for code in codes if code), message=str(error.get("message") or "")
    )


def _details(details: Any) -> Iterable[Any]:
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            yield detail.get("reason")
            for violation in detail.get("violations") or ():
                yield violation.get("quotaId") if isinstance(violation, dict) else None


VENDOR = Vendor(name="gemini", rules=RULES, read=read, statuses=STATUSES)
