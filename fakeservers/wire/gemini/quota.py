"""The words and details of Gemini's 429, as client logs of 2025 and 2026 hold them.

Whether a quota is used up is decided elsewhere.
"""

from typing import Any, Final

from ...canonical import ApiError, Limited, Rejected
from ..base import HttpRequest, Stamp

__all__ = ["quota"]

RPC: Final = "type.googleapis.com/google.rpc."
DOCS: Final = "https://ai.google.dev/gemini-api/docs/rate-limits"
METRIC: Final = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
QUOTA_ID: Final = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
LIMIT: Final = "20"


def quota(problem: ApiError, http: HttpRequest, stamp: Stamp) -> tuple[str, list[Any]]:
    """Message and details. Gemini tells when to come back in RetryInfo, not in a header."""
    model = _model(http)
    retry_s = _retry_s(problem, stamp)
    metric, quota_id, limit = _hit(problem.limited)
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more "
        f"information on this error, head to: {DOCS}. To monitor your current usage, head to: "
        f"https://ai.dev/rate-limit. \n* Quota exceeded for metric: {metric}, limit: {limit}, "
        f"model: {model}\nPlease retry in {retry_s:g}s."
    )
    link = {"description": "Learn more about Gemini API quotas", "url": DOCS}
    violation = {
        "quotaMetric": metric,
        "quotaId": quota_id,
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": limit,
    }
    return message, [
        {"@type": RPC + "Help", "links": [link]},
        {"@type": RPC + "QuotaFailure", "violations": [violation]},
        {"@type": RPC + "RetryInfo", "retryDelay": f"{_whole(retry_s)}s"},
    ]


def _hit(limited: Limited | None) -> tuple[str, str, str]:
    """Metric, id and value of the quota; names as in Google's quota documentation."""
    if limited is None:
        return METRIC, QUOTA_ID, LIMIT
    counted = "requests" if limited.metered == "requests" else "input_token_count"
    named = "Requests" if limited.metered == "requests" else "InputTokens"
    per = "Day" if limited.window_s > 60 else "Minute"
    metric = f"generativelanguage.googleapis.com/generate_content_paid_tier_{counted}"
    quota_id = f"GenerateContentPaidTier{named}Per{per}PerProjectPerModel"
    return metric, quota_id, str(limited.limit)


def _model(http: HttpRequest) -> str:
    """The model that the path names, or the body where a compatible API has it there."""
    name = http.path.rpartition("/")[2].partition(":")[0]
    if "/openai/" not in http.path:
        return name
    try:
        body = http.json()
    except Rejected:
        return name
    given = body.get("model") if isinstance(body, dict) else None
    return given if isinstance(given, str) else name


def _retry_s(problem: ApiError, stamp: Stamp) -> float:
    if problem.retry_after_s is not None:
        return problem.retry_after_s
    return stamp.ids.integer(5_000_000, 59_999_999) / 1e6


def _whole(seconds: float) -> str:
    return str(int(seconds)) if seconds >= 1 else f"{seconds:g}"
