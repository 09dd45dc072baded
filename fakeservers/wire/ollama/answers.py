"""Answers with the headers that the Go server gives them."""

from collections.abc import Iterable
from typing import Any

from ..base import Answer, Frame, Frames
from ..framing import encode, failing_line, json_bytes
from .gojson import dumps

__all__ = ["EMPTY", "JSON", "NDJSON", "TEXT", "as_json", "as_lines", "as_text", "line"]

JSON = "application/json; charset=utf-8"
NDJSON = "application/x-ndjson"
TEXT = "text/plain; charset=utf-8"

EMPTY = Answer()
"""200 without a body, as copy and delete answer."""


def as_json(value: Any, *, content_type: str = JSON) -> Answer:
    """A whole answer."""
    return Answer(headers=(("content-type", content_type),), body=json_bytes(value))


def as_lines(frames: Iterable[Frame | Frames]) -> Answer:
    """A stream of one JSON object a line."""
    return Answer(headers=(("content-type", NDJSON),), body=frames, failing=failing_line)


def as_text(text: str) -> Answer:
    return Answer(headers=(("content-type", TEXT),), body=encode(text))


def line(value: Any) -> bytes:
    """One line of a stream."""
    return encode(dumps(value) + "\n")
