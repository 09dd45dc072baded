"""What the first bytes of a picture tell."""

from struct import pack

import pytest

from fakeservers.wire.pictures import Picture, picture

JPEG = b"\xff\xd8\xff\xe0\x00\x04ab" + b"\xff\xc0\x00\x0b\x08" + pack(">HH", 20, 30) + b"\0" * 4


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + pack(">II", 30, 20), Picture("image/png", 30, 20)),
        (b"GIF89a" + pack("<HH", 30, 20), Picture("image/gif", 30, 20)),
        (JPEG, Picture("image/jpeg", 30, 20)),
        (
            b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x1d\0\0\x13\0\0",
            Picture("image/webp", 30, 20),
        ),
        (
            b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + pack("<HH", 30, 20),
            Picture("image/webp", 30, 20),
        ),
        (
            b"RIFF\0\0\0\0WEBPVP8L" + b"\0" * 5 + pack("<I", 29 | 19 << 14) + b"\0" * 8,
            Picture("image/webp", 30, 20),
        ),
        (b"\x89PNG\r\n\x1a\n", Picture("image/png")),
        (b"\xff\xd8\xff", Picture("image/jpeg")),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"", None),
    ],
)
def test_picture(data: bytes, found: Picture | None) -> None:
    """Its media type, width and height, as far as the bytes go."""
    assert picture(data) == found
