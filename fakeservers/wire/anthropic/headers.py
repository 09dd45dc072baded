"""The headers of the Anthropic API: what every answer carries, what every request must hold.

Only what does not depend on the answer's content is made here.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from time import gmtime, strftime

from ...canonical import ApiError, Rejected
from ..base import Stamp

__all__ = ["JSON", "ORGANIZATION_ID", "SSE", "answer_headers", "check_headers", "request_id"]

Header = tuple[str, str]

JSON: tuple[Header, ...] = (("content-type", "application/json"),)
SSE: tuple[Header, ...] = (
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache"),
)
ORGANIZATION_ID = "6ba1ff6d-90c0-4d09-8c1e-5b2f3a7d4e10"
"""The organization that every key of the fake belongs to."""

_ALWAYS: tuple[Header, ...] = (
    ("anthropic-organization-id", ORGANIZATION_ID),
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("vary", "Accept-Encoding"),
    ("via", "1.1 google"),
    ("server", "cloudflare"),
    ("cf-cache-status", "DYNAMIC"),
)


def request_id(stamp: Stamp) -> str:
    """`req_011` and 21 characters, the same in the header and in an error's body (recorded)."""
    return f"req_011C{stamp.ids.base62(20)}"


def rate_limits(stamp: Stamp) -> tuple[Header, ...]:
    """`anthropic-ratelimit-{requests,input-tokens,output-tokens,tokens}-{limit,remaining,reset}`:
    tokens to the nearest thousand, resets as RFC 3339; `tokens` is input and output together
    (documented and recorded 2026)."""
    if not stamp.limits:
        return ()
    told: list[Header] = []
    limit = remaining = 0
    full_in_s = 0.0
    for reading in stamp.limits:
        metered, left = reading.metered, reading.remaining
        if metered != "requests":
            left = round(left, -3)
            limit += reading.limit
            remaining += left
            full_in_s = max(full_in_s, reading.full_in_s)
        told += _told(metered.replace("_", "-"), reading.limit, left, reading.full_in_s, stamp)
    return (*told, *_told("tokens", limit, remaining, full_in_s, stamp))


def _told(
    name: str, limit: int, remaining: int, full_in_s: float, stamp: Stamp
) -> tuple[Header, ...]:
    reset = _rfc3339(int(stamp.now_s + full_in_s))
    return (
        (f"anthropic-ratelimit-{name}-limit", str(limit)),
        (f"anthropic-ratelimit-{name}-remaining", str(remaining)),
        (f"anthropic-ratelimit-{name}-reset", reset),
    )


@lru_cache(maxsize=16)
def _rfc3339(second: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(second))


def answer_headers(content: tuple[Header, ...], request: str, stamp: Stamp) -> tuple[Header, ...]:
    """All headers of an answer with this content type and request id."""
    return (
        *content,
        ("request-id", request),
        *rate_limits(stamp),
        *_ALWAYS,
        ("server-timing", f"x-originResponse;dur={stamp.elapsed_ms}"),
        ("x-envoy-upstream-service-time", str(max(0, stamp.elapsed_ms - 4))),
        ("cf-ray", f"{stamp.ids.hex(16)}-IAD"),
    )


_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")
_BETA = re.compile(r"[a-z][a-z0-9-]*-\d{4}-?\d{2}-?\d{2}")


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise `Rejected` for a version that is no date, and for betas whose names end in none: as
    betas come and go, and not all are public, well-formed ones pass."""
    version = headers["anthropic-version"]
    if not _VERSION.fullmatch(version):
        raise _refused(f'anthropic-version: "{version}" is not a valid version')
    betas = headers.get("anthropic-beta")
    if not betas:
        return
    names = [name.strip() for name in betas.split(",")]
    if unknown := [f"`{name}`" for name in names if name and not _BETA.fullmatch(name)]:
        raise _refused(
            f"Unexpected value(s) {', '.join(unknown)} for the `anthropic-beta` header. Please "
            "consult our documentation at docs.claude.com or try again without the header."
        )


def _refused(message: str) -> Rejected:
    return Rejected(ApiError(status=400, kind="invalid", message=message))
