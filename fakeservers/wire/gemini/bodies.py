"""How Google's front end writes JSON, and the headers that stand on every answer.

Nothing here knows what a body says.
"""

import json
from collections.abc import Iterable
from typing import Any

from .. import framing
from ..base import Answer, Frame, Frames, Headers, Stamp

__all__ = ["answer", "headers", "json_answer", "one_line", "pretty", "quote"]

JSON = "application/json; charset=UTF-8"

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ": "))
_SCALAR = json.JSONEncoder(ensure_ascii=False).encode


def one_line(value: Any) -> str:
    """JSON as it stands in a server-sent event: `": "` and `,` (recorded 2025 and 2026)."""
    return _escaped(_ENCODER.encode(value))


def quote(text: str) -> str:
    """A JSON string literal as it stands in `one_line`."""
    return _escaped(framing.quote(text))


def pretty(value: Any) -> str:
    """JSON as it stands in a plain answer: two spaces a level, objects and arrays spread out."""
    return _escaped(_spread(value, "\n"))


def headers(stamp: Stamp, content_type: str = JSON) -> Headers:
    """The headers of every answer, recorded 2025 and 2026."""
    return (
        ("content-type", content_type),
        ("vary", "Origin, X-Origin, Referer"),
        ("server", "scaffolding on HTTPServer2"),
        ("x-xss-protection", "0"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-content-type-options", "nosniff"),
        ("server-timing", f"gfet4t7; dur={stamp.elapsed_ms}"),
    )


def json_answer(stamp: Stamp, value: Any) -> Answer:
    """A plain answer with `value` as its body."""
    return answer(stamp, framing.encode(pretty(value) + "\n"))


def answer(
    stamp: Stamp, body: bytes | Iterable[Frame | Frames], content_type: str = JSON
) -> Answer:
    return Answer(headers=headers(stamp, content_type), body=body)


def _escaped(text: str) -> str:
    """`<` and `>` occur only inside strings, where Google writes them as escapes."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _spread(value: Any, newline: str) -> str:
    # json's own indented form is several times slower: it leaves the C encoder.
    if isinstance(value, str):
        return framing.quote(value)
    if isinstance(value, dict) and value:
        inner = newline + "  "
        rows = [f"{framing.quote(name)}: {_spread(item, inner)}" for name, item in value.items()]
        return f"{{{inner}{f',{inner}'.join(rows)}{newline}}}"
    if isinstance(value, list | tuple) and value:
        inner = newline + "  "
        return f"[{inner}{f',{inner}'.join([_spread(item, inner) for item in value])}{newline}]"
    return _SCALAR(value)
