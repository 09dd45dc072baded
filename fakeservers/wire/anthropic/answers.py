"""Answers that are one JSON object, and moments as the API writes them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...canonical import Stored
from ..base import Answer, Stamp
from ..framing import json_bytes
from .headers import JSON, answer_headers, request_id

__all__ = ["json_answer", "moment"]


def json_answer(
    stamp: Stamp, body: Mapping[str, Any], *, stores: tuple[Stored, ...] = ()
) -> Answer:
    headers = answer_headers(JSON, request_id(stamp), stamp)
    return Answer(headers=headers, body=json_bytes(body), stores=stores)


def moment(epoch_s: float | None) -> str | None:
    """RFC 3339 with microseconds; None for what has not come."""
    if epoch_s is None:
        return None
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="microseconds")
