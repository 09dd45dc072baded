"""How JSON and streams are put into bytes. Nothing here knows what they say."""

import json
from functools import lru_cache
from itertools import cycle
from json.encoder import encode_basestring
from typing import Any

import orjson

from ..pieces import pieces

__all__ = [
    "SSE_DONE",
    "deltas",
    "dumps",
    "encode",
    "event",
    "failing_event",
    "failing_line",
    "json_bytes",
    "line",
    "quote",
    "sse",
    "tails",
]

REMEMBERED_TEXTS_MAX = 256
REMEMBERED_CHARS_MAX = 2048

_any_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Writes what orjson refuses: lone surrogates, integers beyond 64 bits."""


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return encode(_any_json(value))


def dumps(value: Any) -> str:
    """Compact JSON text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return _any_json(value)


quote = encode_basestring
"""A JSON string literal of a text, for templates that build many like frames."""

SSE_DONE = b"data: [DONE]\n\n"


def tails(
    text: str, chunks: tuple[str, ...], ends: tuple[str, ...], start: str = ""
) -> tuple[bytes, ...]:
    """The deltas of a text as JSON string literals, each after `start` and before one of the
    `ends`, which take turns."""
    if not chunks and len(text) <= REMEMBERED_CHARS_MAX:
        return _remembered(text, ends, start)
    return _tails(deltas(text, chunks), ends, start)


def _tails(pieces: tuple[str, ...], ends: tuple[str, ...], start: str) -> tuple[bytes, ...]:
    return tuple([encode(f"{start}{quote(piece)}{end}") for piece, end in zip(pieces, cycle(ends))])


@lru_cache(maxsize=REMEMBERED_TEXTS_MAX)
def _remembered(text: str, ends: tuple[str, ...], start: str) -> tuple[bytes, ...]:
    """A scripted text is streamed with every request."""
    return _tails(deltas(text), ends, start)


def encode(text: str) -> bytes:
    """UTF-8. A lone surrogate, which JSON can smuggle in as an escape, becomes `?`."""
    return text.encode("utf-8", "replace")


def sse(data: str) -> bytes:
    """A server-sent event without a name."""
    return encode(f"data: {data}\n\n")


def event(name: str, data: str) -> bytes:
    """A server-sent event with a name."""
    return encode(f"event: {name}\ndata: {data}\n\n")


def failing_event(body: bytes, _sent: int) -> bytes:
    """An error's body as an event without a name."""
    return b"data: " + _compact(body) + b"\n\n"


def failing_line(body: bytes, _sent: int) -> bytes:
    """An error's body as a line."""
    return _compact(body) + b"\n"


def _compact(body: bytes) -> bytes:
    return json_bytes(orjson.loads(body))


def line(value: Any) -> bytes:
    """One line of newline-delimited JSON."""
    return json_bytes(value) + b"\n"


def deltas(text: str, chunks: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The deltas in which a text is streamed: `chunks` if given, else about a token each."""
    return chunks or pieces(text)
