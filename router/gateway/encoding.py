"""JSON as bytes, in and out. Nothing of what it means.

JSON's escapes can write half of a surrogate pair, which is no character and which UTF-8 has no
bytes for. Of a caller it is refused: no vendor could be sent it. Of a vendor, who may cut a
character in two between pieces of a stream, it is passed on as the escape that it came as.
"""

import json
from typing import Any

from .values import BadRequest

__all__ = ["json_bytes", "parsed"]


def json_bytes(value: object) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def parsed(body: bytes) -> Any:
    """Raises BadRequest."""
    try:
        value = json.loads(body)
        if b"\\ud" in body or b"\\uD" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        text = "the body holds half of a surrogate pair (\\ud800 to \\udfff), which is no character"
        raise BadRequest(text) from None
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON") from None
    return value
