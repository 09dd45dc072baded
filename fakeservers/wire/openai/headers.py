"""The headers that OpenAI puts on every answer, and answers made with them."""

from collections.abc import Iterable

from ...canonical import Stored
from ..base import Answer, Frame, Frames, Headers, Stamp
from ..framing import failing_event
from ..retry import go_duration

__all__ = ["EVENT_STREAM", "JSON", "ORGANIZATION", "answer"]

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"

ORGANIZATION = "org-llmsim"

ALWAYS = (
    ("access-control-expose-headers", "X-Request-ID"),
    ("openai-organization", ORGANIZATION),
    ("openai-version", "2020-10-01"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ("x-content-type-options", "nosniff"),
)

RATE_LIMITS = {
    metered: tuple(f"x-ratelimit-{what}-{metered}" for what in ("limit", "remaining", "reset"))
    for metered in ("requests", "tokens")
}


def rate_limits(stamp: Stamp) -> Headers:
    """`x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, resets as Go durations until
    the initial state (recorded 2025 and 2026)."""
    told: list[tuple[str, str]] = []
    for reading in stamp.limits:
        limit, remaining, reset = RATE_LIMITS[reading.metered]
        told += (
            (limit, str(reading.limit)),
            (remaining, str(reading.remaining)),
            (reset, go_duration(reading.full_in_s)),
        )
    return tuple(told)


def answer(
    stamp: Stamp,
    body: bytes | Iterable[Frame | Frames],
    *,
    status: int = 200,
    kind: str = JSON,
    extra: Headers = (),
    stores: tuple[Stored, ...] = (),
) -> Answer:
    """An answer with OpenAI's usual headers (names as recorded in 2025 and 2026). Frames are
    sent as an event stream; `kind` is the content type of anything else."""
    return Answer(
        status=status,
        headers=(
            ("content-type", kind if isinstance(body, bytes) else EVENT_STREAM),
            *ALWAYS,
            ("openai-processing-ms", str(stamp.elapsed_ms)),
            ("x-request-id", f"req_{stamp.ids.hex(32)}"),
            *rate_limits(stamp),
            *extra,
        ),
        body=body,
        stores=stores,
        failing=failing_event,
    )
