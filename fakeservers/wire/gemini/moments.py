"""Moments and spans of time as Google writes them: `2026-01-31T12:00:00.123456Z`, `300s`."""

import re
from datetime import UTC, datetime

__all__ = ["moment", "read_moment", "read_span"]

SPAN = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)s")


def moment(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_moment(text: str) -> float | None:
    """The epoch seconds of an RFC 3339 moment; None when it is none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def read_span(text: str) -> float | None:
    """The seconds of a span of time; None when it is none."""
    match = SPAN.fullmatch(text)
    return float(match[1]) if match else None
