"""The bytes of an HTTP/1.1 answer: status line, headers, chunks. Pure; sends nothing."""

import re
from collections.abc import Iterable
from http import HTTPStatus

from ..wire.base import Headers

__all__ = ["LAST_CHUNK", "chunk", "clean", "fields", "head"]

LAST_CHUNK = b"0\r\n\r\n"

_UNSAFE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
"""What a header must not carry: a line break in it would begin another header."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {
    status: f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n" for status in range(100, 600)
}


def head(status: int, headers: Headers, more: Iterable[str]) -> bytes:
    """Status line and headers, up to and with the blank line; `more` are whole header lines."""
    lines = list(map(": ".join, headers))
    lines += more
    together = "".join(lines)
    # Nearly always true, and far quicker to know than what exactly is wrong.
    if not (together.isascii() and together.isprintable()):
        lines = [clean(line) for line in lines]
    return (_STATUS_LINES[status] + "\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def fields(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Names and values in bytes, as clients take them."""
    together = "".join([value for _, value in headers])
    if not (together.isascii() and together.isprintable()):
        headers = tuple((name, clean(value)) for name, value in headers)
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def clean(text: str) -> str:
    """A header as it may be sent: what may not stand in it becomes a question mark."""
    return _UNSAFE.sub("?", text)


def chunk(data: bytes) -> bytes:
    """A piece of a body of unknown length."""
    return b"%x\r\n%b\r\n" % (len(data), data)
