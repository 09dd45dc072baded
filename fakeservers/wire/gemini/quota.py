"""The words and details of Gemini's 429, as client logs of 2025 and 2026 hold them.

Whether a quota is used up is decided elsewhere.
"""

from typing import Any, Final

from ...canonical import ApiError, Rejected
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
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more "
        f"information on this error, head to: {DOCS}. To monitor your current usage, head to: "
        f"https://ai.dev/rate-limit. \n* Quota exceeded for metric: {METRIC}, limit: {LIMIT}, "
        f"model: {model}\nPlease retry in {retry_s:g}s."
    )
    link = {"description": "Learn more about Gemini API quotas", "url": DOCS}
    violation = {
        "quotaMetric": METRIC,
        "quotaId": QUOTA_ID,
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": LIMIT,
    }
    return message, [
        {"@type": RPC + "Help", "links": [link]},
        {"@type": RPC + "QuotaFailure", "violations": [violation]},
        {"@type": RPC + "RetryInfo", "retryDelay": f"{_whole(retry_s)}s"},
    ]


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
    for name, value in problem.headers:
        if name.lower() == "retry-after":
            try:
                return max(0.0, float(value))
            except ValueError:
                break
    return stamp.ids.integer(5_000_000, 59_999_999) / 1e6


def _whole(seconds: float) -> str:
    return str(int(seconds)) if seconds >= 1 else f"{seconds:g}"
