"""When a provider says that it may be asked again: every syntax in use, read into seconds.

Here live only readings of headers, bodies and messages. What is done with the answer (waiting,
closing a limit scope, moving on) is the router's.

Sources: RFC 9110 section 10.2.3 (Retry-After), the SDKs of OpenAI and Anthropic (`retry-after-ms`),
Azure OpenAI (`x-ms-retry-after-ms`), OpenAI's rate-limit guide (`x-ratelimit-reset-*`, durations as
Go prints them), Anthropic's (`anthropic-ratelimit-*-reset`, RFC 3339), google.rpc.RetryInfo.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

__all__ = ["duration_s", "retry_after_s"]

GO_UNITS_S = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
GO_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
IN_WORDS = re.compile(
    r"(?:try again|retry) in (?P<wait>(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)", re.IGNORECASE
)
EPOCH_S_MIN = 1_000_000_000
"""A bare number from here on is a moment, not a wait: no provider asks for thirty years."""
EPOCH_MS_MIN = 1_000_000_000_000
TEXT_CHARS_MAX = 4096
"""How much of a message is searched for its "try again in"."""


def retry_after_s(
    headers: Mapping[str, str], body: Any, message: str, *, now_epoch_s: float
) -> float | None:
    """The seconds from now before which the provider will not serve the request; None unsaid.

    Where several syntaxes stand side by side the longest wins, so that none is undercut. The
    reset headers of the rate limits say when a bucket is full again, which is later than when it
    serves; they count only where nothing else was said. Header names are lower-case.
    """
    said = [s for s in _explicit(headers, body, message, now_epoch_s) if s is not None]
    if not said:
        said = [s for s in _resets(headers, now_epoch_s) if s is not None]
    return max(said) if said else None


def duration_s(text: str) -> float | None:
    """`6m0s`, `12ms`, `1h2m3.5s` (as Go prints durations) in seconds; None for anything else."""
    total, end = 0.0, 0
    for part in GO_PART.finditer(text):
        if part.start() != end:
            return None
        total += float(part[1]) * GO_UNITS_S[part[2]]
        end = part.end()
    return total if end and end == len(text) else None


def _explicit(
    headers: Mapping[str, str], body: Any, message: str, now_epoch_s: float
) -> Iterator[float | None]:
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        ms = _number(headers.get(name, ""))
        yield None if ms is None else max(0.0, ms / 1000)
    yield _delta_or_date(headers.get("retry-after", ""), now_epoch_s)
    yield from _retry_info(body)
    if found := IN_WORDS.search(message[:TEXT_CHARS_MAX]):
        yield duration_s(found["wait"])


def _resets(headers: Mapping[str, str], now_epoch_s: float) -> Iterator[float | None]:
    """What the buckets say, the empty ones only where the headers tell which are empty."""
    found = {name: value for name, value in headers.items() if _is_reset(name)}
    empty = {
        name: value
        for name, value in found.items()
        if headers.get(name.replace("-reset", "-remaining"), "").strip() == "0"
    }
    for value in (empty or found).values():
        yield _moment_or_duration(value.strip(), now_epoch_s)


def _is_reset(name: str) -> bool:
    return name in ("x-ratelimit-reset", "ratelimit-reset") or (
        name.startswith("x-ratelimit-reset-")
        or (name.startswith("anthropic-ratelimit-") and name.endswith("-reset"))
    )


def _delta_or_date(text: str, now_epoch_s: float) -> float | None:
    delta = _number(text)
    if delta is not None:
        return max(0.0, delta)
    try:
        moment = parsedate_to_datetime(text.strip())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    # A date without a zone is GMT by RFC 9110.
    return _until(moment, now_epoch_s)


def _moment_or_duration(text: str, now_epoch_s: float) -> float | None:
    number = _number(text)
    if number is not None:
        if number >= EPOCH_MS_MIN:
            return max(0.0, number / 1000 - now_epoch_s)
        return max(0.0, number - now_epoch_s if number >= EPOCH_S_MIN else number)
    waiting = duration_s(text)
    if waiting is not None:
        return waiting
    try:
        return _until(datetime.fromisoformat(text), now_epoch_s)
    except ValueError:
        return None


def _until(moment: datetime, now_epoch_s: float) -> float:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - now_epoch_s)


def _retry_info(body: Any) -> Iterator[float | None]:
    """google.rpc.RetryInfo: `retryDelay` is a Duration, `"42s"` or `"0.5s"` in proto3 JSON."""
    error = body.get("error") if isinstance(body, Mapping) else None
    details = error.get("details") if isinstance(error, Mapping) else None
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, Mapping) else None
        if isinstance(delay, str):
            yield duration_s(delay)
        elif isinstance(delay, Mapping):  # as the older, unpacked form has it
            seconds, nanos = delay.get("seconds", 0), delay.get("nanos", 0)
            number = _number(str(seconds)), _number(str(nanos))
            if number[0] is not None and number[1] is not None:
                yield max(0.0, number[0] + number[1] * 1e-9)


def _number(text: str) -> float | None:
    """A finite decimal number; `nan` and `inf`, which float() takes, are not."""
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None
