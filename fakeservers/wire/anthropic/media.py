"""Which images and documents the Anthropic API takes: their media types, encoding, size, number.

Limits as documented ("Vision", "PDF support"), words as in public issue reports.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...canonical import Rejected
from ..pictures import picture
from ..reading import Path
from .wording import invalid

__all__ = ["check_media"]

IMAGE_BYTES_MAX: Final = 5 * 1024 * 1024
IMAGE_SIDE_MAX_PX: Final = 8000
MANY_IMAGES: Final = 20
MANY_IMAGES_SIDE_MAX_PX: Final = 2000
"""Above this many images in a request, each may be no larger than this."""

_IMAGE_TYPES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
_IMAGE_SOURCES: Final = ("base64", "file", "url")
_DOCUMENT_SOURCES: Final = ("base64", "content", "file", "text", "url")
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "base64": ("media_type", "data"),
    "content": ("content",),
    "file": ("file_id",),
    "text": ("media_type", "data"),
    "url": ("url",),
}


def check_media(messages: Sequence[Mapping[str, Any]]) -> None:
    """Raise `Rejected` for the first image or document that is not taken."""
    found = list(_media(messages))
    images = sum(block["type"] == "image" for block, _ in found)
    side_max = MANY_IMAGES_SIDE_MAX_PX if images > MANY_IMAGES else IMAGE_SIDE_MAX_PX
    for block, path in found:
        if block["type"] == "image":
            _check_image(block["source"], (*path, "image", "source"), side_max)
        else:
            _check_document(block["source"], (*path, "document", "source"))


def _media(messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """The images and documents, those in tool results too, and where they stand."""
    for index, message in enumerate(messages):
        if isinstance(content := message["content"], list):
            yield from _among(content, ("messages", index, "content"))


def _among(blocks: Sequence[Any], path: Path) -> Iterator[tuple[Mapping[str, Any], Path]]:
    for index, block in enumerate(blocks):
        kind = block["type"]
        if kind in ("image", "document"):
            yield block, (*path, index)
        elif kind == "tool_result" and isinstance(block.get("content"), list):
            yield from _among(block["content"], (*path, index, "tool_result", "content"))


def _source_kind(source: Mapping[str, Any], kinds: tuple[str, ...], path: Path) -> str:
    """The `type` of a source whose required fields are there."""
    kind = source.get("type")
    if kind is None:
        raise invalid((*path, "type"), "Field required")
    if not isinstance(kind, str) or kind not in kinds:
        expected = ", ".join(map(repr, kinds))
        fault = "does not match any of the expected tags"
        raise invalid(path, f"Input tag {kind!r} found using 'type' {fault}: {expected}")
    for key in _REQUIRED[kind]:
        if key not in source:
            raise invalid((*path, kind, key), "Field required")
        if key != "content" and not isinstance(source[key], str):
            raise invalid((*path, kind, key), "Input should be a valid string")
    return kind


def _check_image(source: Mapping[str, Any], path: Path, side_max: int) -> None:
    kind = _source_kind(source, _IMAGE_SOURCES, path)
    path = (*path, kind)
    if kind != "base64":
        return
    media_type = source["media_type"]
    if media_type not in _IMAGE_TYPES:
        expected = "'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        raise invalid((*path, "media_type"), f"Input should be {expected}")
    data = _decoded(source["data"], path)
    if len(data) > IMAGE_BYTES_MAX:
        told = f"image exceeds 5 MB maximum: {len(data)} bytes > {IMAGE_BYTES_MAX} bytes"
        raise invalid(path, told)
    found = picture(data)
    if found is None:
        raise invalid((), "Could not process image")
    if found.media_type != media_type:
        raise invalid(
            path,
            f"The image was specified using the {media_type} media type, but the image appears to "
            f"be a {found.media_type} image",
        )
    if max(found.width_px, found.height_px) > side_max:
        many = " for many-image requests" if side_max == MANY_IMAGES_SIDE_MAX_PX else ""
        told = "At least one of the image dimensions exceed max allowed size"
        raise invalid((*path, "data"), f"{told}{many}: {side_max} pixels")


def _check_document(source: Mapping[str, Any], path: Path) -> None:
    kind = _source_kind(source, _DOCUMENT_SOURCES, path)
    wanted = {"base64": "application/pdf", "text": "text/plain"}.get(kind)
    if wanted is None:
        return
    if source["media_type"] != wanted:
        raise invalid((*path, kind, "media_type"), f"Input should be '{wanted}'")
    if kind == "base64":
        place = (*path[:-2], "pdf", *path[-1:], kind)
        if not source["data"]:
            raise invalid((*place, "data"), "PDF cannot be empty")
        if not _decoded(source["data"], place).startswith(b"%PDF"):
            raise invalid((*place, "data"), "The PDF specified was not valid.")


def _decoded(data: str, path: Path) -> bytes:
    try:
        return b64decode(data, validate=True)
    except (Base64Error, ValueError) as problem:
        raise _not_base64(path) from problem


def _not_base64(path: Path) -> Rejected:
    return invalid(path, "invalid base64 data")
