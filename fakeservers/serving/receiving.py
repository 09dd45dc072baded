"""How the parts of a request are read, whatever brought them, and how much of one is taken."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

import httptools

from ..wire.base import RequestHeaders

__all__ = ["BODY_BYTES_MAX", "DRAINED_BYTES_MAX", "read_headers", "read_query", "read_url"]

BODY_BYTES_MAX = 64 * 1024 * 1024
"""A longer request body is answered with 413."""

DRAINED_BYTES_MAX = 4 * BODY_BYTES_MAX
"""How much of a too long body is read and thrown away, so that its sender hears the answer."""

HEADERS_REMEMBERED_MAX = 256
URLS_REMEMBERED_MAX = 256

NOTHING: Mapping[str, str] = {}


@lru_cache(maxsize=URLS_REMEMBERED_MAX)
def read_url(url: bytes) -> tuple[str, Mapping[str, str]]:
    """Path and query. A program asks the same few addresses all the time."""
    parsed = httptools.parse_url(url)
    path = parsed.path.decode("latin-1")
    return unquote(path) if "%" in path else path, read_query(parsed.query or b"")


def read_query(query: bytes) -> Mapping[str, str]:
    if not query:
        return NOTHING
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


@lru_cache(maxsize=HEADERS_REMEMBERED_MAX)
def read_headers(raw: tuple[tuple[bytes, bytes], ...]) -> RequestHeaders:
    """Clients send the same ones again and again, and the journal keeps them: so they are read,
    and kept, once."""
    return RequestHeaders(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw
    )
