"""Pixels and pages read from the first bytes, and what they cost."""

import struct
from base64 import b64encode

import pytest

from fakeservers.behaviour.tokens import claude, count_request, gemini, media, openai
from fakeservers.canonical import Media, Message
from tests.fakeservers.support import chat

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 400, 301)
GIF = b"GIF89a" + struct.pack("<HH", 400, 301)
JPEG = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08" + struct.pack(">HH", 301, 400) + b"\x03\1"
WEBP = b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0" + b"\x8f\x01\x00" + b"\x2c\x01\x00"


def picture(data: bytes, **fields: str) -> Media:
    url = f"data:image/png;base64,{b64encode(data).decode()}"
    return Media("image", "image/png", {"type": "image_url", "image_url": {"url": url, **fields}})


def sized(width: int, height: int) -> Media:
    return picture(PNG[:16] + struct.pack(">II", width, height))


@pytest.mark.parametrize("data", [PNG, GIF, JPEG, WEBP], ids=["png", "gif", "jpeg", "webp"])
def test_pixels_are_read(data: bytes) -> None:
    """Of the four formats that every provider takes."""
    assert media.size(picture(data)) == (400, 301)


@pytest.mark.parametrize("raw", ["https://example.org/a.png", {"file_id": "f"}, None, "%%%" * 9])
def test_unknown_bytes_have_a_default_size(raw: object) -> None:
    """An address, a file's id, nothing, and what is no base64."""
    assert media.size(Media("image", "image/png", raw)) == media.DEFAULT_SIZE


@pytest.mark.parametrize(
    ("model", "width", "height", "detail", "tokens"),
    [
        ("gpt-4o", 1024, 1024, "high", 765),
        ("gpt-4o", 2048, 4096, "high", 1105),
        ("gpt-4o", 4096, 8192, "low", 85),
        ("gpt-4.1-mini", 1024, 1024, "auto", 1659),
        ("gpt-4.1-mini", 1800, 2400, "auto", 2353),
        ("o3", 512, 512, "auto", 225),
    ],
)
def test_openai_images(model: str, width: int, height: int, detail: str, tokens: int) -> None:
    """The examples of the vision guide: tiles of 512 pixels, or patches of 32."""
    assert openai.image(sized(width, height), model, detail) == tokens


@pytest.mark.parametrize(
    ("model", "width", "height", "tokens"),
    [
        ("claude-sonnet-4-5", 166, 282, 66),
        ("claude-sonnet-4-5", 400, 301, 165),
        ("claude-opus-4-8", 1500, 1500, 2916),
    ],
)
def test_claude_images(model: str, width: int, height: int, tokens: int) -> None:
    """One token for each patch of 28 pixels."""
    assert claude.image(sized(width, height), model) == tokens


def test_claude_scales_large_images_down() -> None:
    """Never more than the model sees: 1,568 patches, 4,784 for the newest."""
    large = sized(8000, 6000)
    assert claude.image(large, "claude-sonnet-4-5") <= 1568
    assert 4000 < claude.image(large, "claude-opus-4-8") <= 4784


@pytest.mark.parametrize(
    ("model", "width", "height", "tokens"),
    [
        ("gemini-2.5-flash", 384, 384, 258),
        ("gemini-2.5-flash", 1536, 1536, 1032),
        ("gemini-3-flash-preview", 400, 301, 1102),
    ],
)
def test_gemini_images(model: str, width: int, height: int, tokens: int) -> None:
    """Tiles of 258 tokens; since Gemini 3 the largest grid within 1,120 cells."""
    asked = chat(
        provider="gemini", model=model, messages=(Message("user", (sized(width, height),)),)
    )
    assert count_request(asked) == tokens + 1


def test_pages_are_counted() -> None:
    """A PDF costs by its pages."""
    pdf = b"%PDF-1.4 /Type /Pages /Kids /Type /Page /Type /Page "
    two = Media("document", "application/pdf", {"data": b64encode(pdf).decode()})
    assert media.pages(two) == 2


def test_text_documents_are_text() -> None:
    """A document that is sent as text has the tokens of the text."""
    raw = {"source": {"type": "text", "media_type": "text/plain", "data": "some words here"}}
    assert media.text(Media("document", "text/plain", raw)) == "some words here"
    assert gemini.GRID_OF_PAGE > 0
