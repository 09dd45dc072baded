"""Pixels, pages and seconds of what a request carries in base64 or as a file that the server
keeps, read from its first bytes.

What a provider charges for them is in its template. Bytes that are not at hand, behind a URL or
the id of a file that was uploaded elsewhere, have a default size.
"""

import struct
from base64 import urlsafe_b64decode
from binascii import Error
from typing import Any, Final, NamedTuple

from ...canonical import Media

__all__ = ["DEFAULT_SIZE", "Size", "pages", "seconds", "size", "text"]

HEADER_CHARS_MAX: Final = 262_144
"""Base64 that is looked at for the size of an image: a JPEG's may come after its profile."""

DOCUMENT_CHARS_MAX: Final = 8_388_608
"""Base64 that is looked at for the pages of a document."""

DATA_CHARS_MIN: Final = 16
AUDIO_BYTES_PER_S: Final = 16_000
"""128 kbit/s, the commonest rate of MP3."""


class Size(NamedTuple):
    width: int
    height: int


DEFAULT_SIZE: Final = Size(480, 360)


def size(media: Media) -> Size:
    """An image's pixels; `DEFAULT_SIZE` where they cannot be read."""
    start = _bytes(media, HEADER_CHARS_MAX)
    if start[:8] == b"\x89PNG\r\n\x1a\n" and len(start) >= 24:
        found: tuple[int, ...] = struct.unpack(">II", start[16:24])
    elif start[:3] == b"GIF" and len(start) >= 10:
        found = struct.unpack("<HH", start[6:10])
    elif start[:4] == b"RIFF" and start[8:12] == b"WEBP" and len(start) >= 30:
        found = _webp(start)
    elif start[:2] == b"\xff\xd8":
        found = _jpeg(start)
    else:
        found = ()
    return Size(*found) if found and all(found) else DEFAULT_SIZE


def pages(media: Media) -> int:
    """A PDF's pages, one at least."""
    data = _bytes(media, DOCUMENT_CHARS_MAX)
    return max(1, data.count(b"/Type /Page") + data.count(b"/Type/Page") - data.count(b"/Pages"))


def seconds(media: Media) -> float:
    """About how long a sound or film lasts, one second at least."""
    size = len(media.data) or len(_data(media.raw)) * 3 / 4
    return max(1.0, size / AUDIO_BYTES_PER_S)


def text(media: Media) -> str | None:
    """What a document says, where it is text."""
    if media.data:
        return _plain(media.data[:DOCUMENT_CHARS_MAX])
    raw = media.raw if isinstance(media.raw, dict) else {}
    source = raw.get("source")
    if isinstance(source, dict) and source.get("type") in ("text", "content"):
        return _said(source.get("data") or source.get("content"))
    if media.mime_type.startswith("text/"):
        return _bytes(media, DOCUMENT_CHARS_MAX).decode("utf-8", "replace")
    return None


def _plain(data: bytes) -> str | None:
    """The bytes of a file as text; None where they are none."""
    if data.startswith(b"%PDF") or b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    blocks = value if isinstance(value, list) else ()
    return "\n".join(str(block.get("text", "")) for block in blocks if isinstance(block, dict))


def _bytes(media: Media, chars_max: int) -> bytes:
    if media.data:
        return media.data[:chars_max]
    data = _data(media.raw)[:chars_max]
    data = data[: len(data) // 4 * 4] if len(data) == chars_max else data
    try:
        return urlsafe_b64decode(data.translate(_URLSAFE) + "=" * (-len(data) % 4))
    except (Error, ValueError):
        return b""


_URLSAFE: Final = str.maketrans("+/", "-_")


def _data(raw: Any) -> str:
    """The base64 somewhere in a part: the longest string that is no address."""
    if isinstance(raw, str):
        if raw.startswith("data:"):
            return raw.partition(",")[2]
        return "" if "://" in raw[:16] or len(raw) < DATA_CHARS_MIN else raw
    values = raw.values() if isinstance(raw, dict) else ()
    return max((_data(value) for value in values), key=len, default="")


def _webp(start: bytes) -> tuple[int, ...]:
    match start[12:16]:
        case b"VP8X":
            width = int.from_bytes(start[24:27], "little") + 1
            return width, int.from_bytes(start[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(start[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack("<HH", start[26:30])
            return width & 0x3FFF, height & 0x3FFF
    return ()


def _jpeg(start: bytes) -> tuple[int, ...]:
    """Height and width stand in the frame header, behind segments of any length."""
    at = 2
    while at + 9 <= len(start) and start[at] == 0xFF:
        marker = start[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", start[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(start[at + 2 : at + 4], "big")
    return ()
