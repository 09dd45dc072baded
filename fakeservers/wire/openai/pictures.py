"""What OpenAI refuses in the pictures of a request: addresses that are none, media that are no
pictures, models that cannot see. No picture is fetched, and no more than its first bytes decoded.

Words as in the public issue logs of OpenAI's SDKs and of programs on them, 2024 to 2026.
"""

from base64 import b64decode
from binascii import Error
from typing import Final

from ...canonical import ApiError, Rejected
from ..pictures import picture
from ..reading import Reader
from .rules import check_value
from .wording import invalid, place

__all__ = ["DETAILS", "check_chat_picture", "check_input_picture"]

DETAILS: Final = ("auto", "low", "high", "original")
"""As the types of the openai SDK 3.54 have them."""

_WEB: Final = ("https://", "http://")
_PICTURE: Final = "data:image/"
_START_CHARS: Final = 64
"""Of base64 that tells what kind of picture it is."""


def check_chat_picture(part: Reader, *, sees: bool) -> None:
    """Raise `Rejected` for an `image_url` part of a chat message."""
    if not sees:
        raise Rejected(
            invalid(
                "Invalid content type. image_url is only supported by certain models.",
                param=f"{place(part.path).replace('[', '.[')}.type",
            )
        )
    part.require("image_url")
    image = part.object("image_url")
    if image is None:
        return
    image.require("url")
    url = image.text("url") or ""
    if url.startswith("data:") and not url.startswith(_PICTURE):
        message = "Invalid MIME type. Only image types are supported."
        raise Rejected(invalid(message, code="invalid_image_format"))
    if not url.startswith((*_WEB, "data:")):
        raise Rejected(_no_url(place((*image.path, "url"))))
    if not _may_be_picture(url):
        told = "You uploaded an unsupported image. Please make sure your image has of one the "
        formats = "following formats: ['png', 'jpeg', 'gif', 'webp']."
        raise Rejected(invalid(told + formats, code="invalid_image_format"))
    check_value(place((*image.path, "detail")), image.text("detail"), DETAILS)


def check_input_picture(part: Reader) -> None:
    """Raise `Rejected` for an `input_image` part of a response's input."""
    url, param = part.text("image_url"), place((*part.path, "image_url"))
    part.text("file_id")
    check_value(place((*part.path, "detail")), part.text("detail"), DETAILS)
    if url is None:
        return
    if url.startswith("data:") and not url.startswith(_PICTURE):
        media_type = url[len("data:") :].partition(",")[0].partition(";")[0]
        raise Rejected(
            invalid(
                f"Invalid '{param}'. Expected a base64-encoded data URL with an image MIME type "
                f"(e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got unsupported MIME "
                f"type '{media_type}'.",
                param=param,
                code="invalid_value",
            )
        )
    if not url.startswith((*_WEB, "data:")):
        raise Rejected(_no_url(param))
    if not _may_be_picture(url):
        raise Rejected(
            invalid(
                "The image data you provided does not represent a valid image. Please check your "
                "input and try again with one of the supported image formats: ['image/jpeg', "
                "'image/png', 'image/gif', 'image/webp'].",
                param="input",
                code="invalid_value",
            )
        )


def _may_be_picture(url: str) -> bool:
    """Whether data in base64 begin as a picture of a known kind; an address may lead to one."""
    head, comma, data = url.partition(";base64,")
    if not comma or not head.startswith("data:"):
        return True
    try:
        return picture(b64decode(data[:_START_CHARS], validate=True)) is not None
    except (Error, ValueError):
        return False


def _no_url(param: str) -> ApiError:
    return invalid(
        f"Invalid '{param}'. Expected a valid URL, but got a value with an invalid format.",
        param=param,
        code="invalid_value",
    )
