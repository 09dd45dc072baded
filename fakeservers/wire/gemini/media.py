"""Which files inside a request Gemini takes: their media types, their base64.

Types as documented ("Image understanding"), words as in public issue reports.
"""

import re
from typing import Final

from ...canonical import Rejected
from ..reading import Reader
from .wording import bad_bytes, invalid

__all__ = ["check_media"]

_IMAGES: Final = ("gif", "heic", "heif", "jpeg", "png", "webp")
_MIME_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+(;.*)?")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")


def check_media(body: Reader) -> None:
    """Raise `Rejected` for the first file that is not taken."""
    for content in body.objects("contents"):
        for part in content.objects("parts"):
            if "text" in part.value:
                continue
            if (blob := part.object("inlineData")) is not None:
                _check_base64(blob)
                _check_type(blob.text("mimeType") or "")


def _check_base64(blob: Reader) -> None:
    """Protobuf reads base64 in both alphabets, with padding or without."""
    data = blob.text("data") or ""
    if not _BASE64.fullmatch(data) or len(data.rstrip("=")) % 4 == 1:
        raise Rejected(bad_bytes((*blob.path, "data"), data))


def _check_type(mime_type: str) -> None:
    kind, _, name = mime_type.lower().partition("/")
    known = kind != "image" or name in _IMAGES
    if not _MIME_TYPE.fullmatch(mime_type.lower()) or not known or name == "octet-stream":
        raise Rejected(invalid(f"Unsupported MIME type: {mime_type}"))
