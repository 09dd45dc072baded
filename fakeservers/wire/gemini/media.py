"""Which files inside a request Gemini takes: their media types, their base64, whether what is to
be a picture begins as one.

Types as documented ("Image understanding"), words as in public issue reports.
"""

import re
from base64 import urlsafe_b64decode
from typing import Final

from ...canonical import Rejected
from ..pictures import picture
from ..reading import Reader
from .errors import TROUBLESHOOTING
from .wording import bad_bytes, invalid

__all__ = ["check_media"]

_IMAGES: Final = ("gif", "heic", "heif", "jpeg", "png", "webp")
_SEEN: Final = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
_START_CHARS: Final = 64
_URLSAFE: Final = str.maketrans("+/", "-_")
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
                mime_type = (blob.text("mimeType") or "").lower()
                _check_type(mime_type)
                if mime_type in _SEEN:
                    _check_picture(blob.text("data") or "")


def _check_base64(blob: Reader) -> None:
    """Protobuf reads base64 in both alphabets, with padding or without."""
    data = blob.text("data") or ""
    if not _BASE64.fullmatch(data) or len(data.rstrip("=")) % 4 == 1:
        raise Rejected(bad_bytes((*blob.path, "data"), data))


def _check_type(mime_type: str) -> None:
    kind, _, name = mime_type.partition("/")
    known = kind != "image" or name in _IMAGES
    if not _MIME_TYPE.fullmatch(mime_type) or not known or name == "octet-stream":
        raise Rejected(invalid(f"Unsupported MIME type: {mime_type}"))


def _check_picture(data: str) -> None:
    start = data[:_START_CHARS].rstrip("=")
    if picture(urlsafe_b64decode(f"{start.translate(_URLSAFE)}{'=' * (-len(start) % 4)}")) is None:
        told = "Unable to process input image. Please retry or report in"
        raise Rejected(invalid(f"{told} {TROUBLESHOOTING}"))
