"""What the first bytes of a picture tell: its media type, its width and height.

No picture is decoded, and what a provider takes is not decided here.
"""

from collections.abc import Callable
from struct import unpack
from typing import Final, NamedTuple

__all__ = ["Picture", "picture"]


class Picture(NamedTuple):
    """`width_px` and `height_px` are 0 where the header does not tell."""

    media_type: str
    width_px: int = 0
    height_px: int = 0


def picture(data: bytes) -> Picture | None:
    """The picture in `data`; None when it is none of PNG, JPEG, GIF and WebP."""
    for media_type, start, size in _KINDS:
        if data.startswith(start) and (media_type != "image/webp" or data[8:12] == b"WEBP"):
            return Picture(media_type, *size(data))
    return None


def _png(data: bytes) -> tuple[int, int]:
    return unpack(">II", data[16:24]) if len(data) >= 24 else (0, 0)


def _gif(data: bytes) -> tuple[int, int]:
    return unpack("<HH", data[6:10]) if len(data) >= 10 else (0, 0)


def _jpeg(data: bytes) -> tuple[int, int]:
    """From segment to segment until the one that starts a frame."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + max(2, unpack(">H", data[at + 2 : at + 4])[0])
    return 0, 0


def _webp(data: bytes) -> tuple[int, int]:
    if len(data) < 30:
        return 0, 0
    match data[12:16]:
        case b"VP8X":
            width = int.from_bytes(data[24:27], "little") + 1
            return width, int.from_bytes(data[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = unpack("<HH", data[26:30])
            return width & 0x3FFF, height & 0x3FFF
    return 0, 0


_KINDS: Final[tuple[tuple[str, bytes, Callable[[bytes], tuple[int, int]]], ...]] = (
    ("image/png", b"\x89PNG\r\n\x1a\n", _png),
    ("image/jpeg", b"\xff\xd8\xff", _jpeg),
    ("image/gif", b"GIF8", _gif),
    ("image/webp", b"RIFF", _webp),
)
