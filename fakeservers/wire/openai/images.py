"""/v1/images: generations, edits, variations.

Shapes from the types of the openai SDK 3.54 (`ImagesResponse`, `ImageGenStreamEvent`). Pictures
are PNG; GPT image models send them in base64, older ones by address unless asked for base64.
"""

import re
import struct
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from ...canonical import (
    ImageRequest,
    ImageResult,
    Rejected,
    ResourceRequest,
    ResourceResult,
    Stored,
)
from ..base import Answer, Frame, HttpRequest, Stamp
from ..framing import dumps, event, json_bytes
from ..multipart import File, Form
from ..reading import Reader
from .fields import as_body
from .headers import answer
from .resources import OneOf, form
from .rules import Range, check_range
from .wording import WORDING, invalid, unknown_value

__all__ = ["CreateVariation", "EditImage", "GenerateImage", "ImageContent"]

DEFAULT_MODEL = "gpt-image-1.5"
OLD_MODEL = "dall-e-2"
OLD = re.compile(r"dall-e")
FREE_SIZES = re.compile(r"gpt-image-(?:2|[3-9])")
"""Models that paint any size: both sides divisible by 16, at most three times as wide as high."""

SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
USUAL_SIZE = (1_024, 1_024)
SIZES = ("1024x1024", "1024x1536", "1536x1024", "auto")
OLD_SIZES = ("256x256", "512x512", "1024x1024", "1792x1024", "1024x1792")
PIXELS_MAX = 3_840 * 2_160
QUALITIES = ("low", "medium", "high", "auto")
MORE_QUALITIES = ("low", "medium", "high", "xhigh", "max", "auto")
BACKGROUNDS = ("transparent", "opaque", "auto")
COUNT = Range("integer", 1, 10)
PARTIALS = Range("integer", 0, 3)
PROMPT_CHARS_MAX = 32_000
COLLECTION = "image_files"
LIFE_S = 3_600
"""Addresses of pictures work for an hour (SDK, `ImageCreateVariationParams`)."""

PNG_START = b"\x89PNG\r\n\x1a\n"
UNKNOWN_SIZE = (512, 512)
"""What a source that is no PNG is taken to measure."""


class _Paint:
    endpoint: str
    event = "image_generation"

    def _request(
        self, body: Reader, http: HttpRequest, sources: tuple[tuple[int, int], ...] = ()
    ) -> ImageRequest:
        model = body.text("model") or DEFAULT_MODEL
        prompt = body.text("prompt") or ""
        _check(body, model)
        width, height = _size(body, model)
        quality = body.text("quality") or "auto"
        partials, stream = body.integer("partial_images") or 0, body.flag("stream") is True
        return ImageRequest(
            provider="openai",
            endpoint=self.endpoint,
            model=model,
            prompt=prompt,
            width=width,
            height=height,
            quality="high" if quality in ("auto", "xhigh", "max", "standard", "hd") else quality,
            count=body.integer("n") or 1,
            partials=partials if stream else 0,
            sources=sources,
            stream=stream,
            raw=(body.value, http.headers.get("host", "api.openai.com")),
        )

    def render(self, request: ImageRequest, result: ImageResult, stamp: Stamp) -> Answer:
        _, host = request.raw
        if request.stream:
            return answer(stamp, self._frames(request, result, stamp))
        if OLD.match(request.model):
            return _old_answer(request, result, stamp, host)
        body = {
            "created": int(stamp.now_s),
            **_look(request),
            "data": [{"b64_json": _base64(image)} for image in result.images],
            "usage": {
                **_usage(result),
                "output_tokens_details": {
                    "image_tokens": result.usage.output_tokens,
                    "text_tokens": 0,
                },
            },
        }
        return answer(stamp, json_bytes(body))

    def _frames(self, request: ImageRequest, result: ImageResult, stamp: Stamp) -> Iterator[Frame]:
        """The unfinished pictures, then the finished one, of each picture in turn."""
        shared = {"created_at": int(stamp.now_s), **_look(request)}
        for image, partials in zip(result.images, result.partials, strict=True):
            for index, partial in enumerate(partials):
                kind = f"{self.event}.partial_image"
                told = {"type": kind, "b64_json": _base64(partial), "partial_image_index": index}
                yield Frame(event(kind, dumps({**told, **shared})), True)
            kind = f"{self.event}.completed"
            done = {"type": kind, "b64_json": _base64(image), **shared, "usage": _usage(result)}
            yield Frame(event(kind, dumps(done)), True)


class GenerateImage(_Paint):
    """POST /v1/images/generations."""

    endpoint = "images.generate"

    def parse(self, http: HttpRequest) -> ImageRequest:
        body = Reader.of(http.json(), WORDING)
        body.require("prompt")
        return self._request(body, http)


class EditImage(_Paint):
    """POST /v1/images/edits, a form with `prompt` and one or more files in `image`."""

    endpoint = "images.edit"
    event = "image_edit"

    def parse(self, http: HttpRequest) -> ImageRequest:
        given = form(http)
        body = _form_body(given)
        body.require("prompt")
        return self._request(body, http, _sources(given, "image", "mask"))


class CreateVariation(_Paint):
    """POST /v1/images/variations, a form with one file in `image`. Only models that are retired
    take part in it (SDK, `images.create_variation`)."""

    endpoint = "images.create_variation"

    def parse(self, http: HttpRequest) -> ImageRequest:
        given = form(http)
        fields = {"model": OLD_MODEL, **_form_body(given).value}
        return self._request(Reader.of(fields, WORDING), http, _sources(given, "image"))


class ImageContent(OneOf):
    """GET /v1/images/content/{id}.png: a picture by its address. The service's own addresses are
    those of a storage service, and need no key either."""

    collection = COLLECTION
    endpoint = "images.content"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return answer(stamp, result.items[0].body, kind="image/png")


# --- reading ------------------------------------------------------------------------------


def _form_body(given: Form) -> Reader:
    integers = ("n", "partial_images", "output_compression")
    return Reader.of(as_body(given, integers=integers), WORDING)


def _check(body: Reader, model: str) -> None:
    if len(body.text("prompt") or "") > PROMPT_CHARS_MAX:
        raise Rejected(
            invalid(
                f"Invalid 'prompt': string too long. Expected a string with maximum length "
                f"{PROMPT_CHARS_MAX}, but got a string with length "
                f"{len(body.text('prompt') or '')} instead.",
                param="prompt",
                code="string_above_max_length",
            )
        )
    check_range("n", body.integer("n"), COUNT)
    check_range("partial_images", body.integer("partial_images"), PARTIALS)
    if not OLD.match(model):
        if body.has("response_format"):
            raise Rejected(
                invalid(
                    "Unknown parameter: 'response_format'.",
                    param="response_format",
                    code="unknown_parameter",
                )
            )
        qualities = MORE_QUALITIES if FREE_SIZES.match(model) else QUALITIES
        _one_of(body, "quality", qualities)
        _one_of(body, "background", BACKGROUNDS)
    else:
        _one_of(body, "response_format", ("url", "b64_json"))
    kind = body.text("output_format")
    if kind not in (None, "png"):
        raise Rejected(
            invalid(
                f"llmsim: this fake paints PNG only, not '{kind}'. Leave output_format out, or "
                f"script the whole answer: on(endpoint='images.generate').replies(raw(...)).",
                param="output_format",
            )
        )


def _one_of(body: Reader, key: str, known: tuple[str, ...]) -> None:
    value = body.text(key)
    if value is not None and value not in known:
        raise Rejected(unknown_value(value, known, key))


def _size(body: Reader, model: str) -> tuple[int, int]:
    """Width and height in pixels."""
    given = body.text("size") or "auto"
    if given == "auto":
        return USUAL_SIZE
    old, free = OLD.match(model) is not None, FREE_SIZES.match(model) is not None
    match, known = SIZE.fullmatch(given), OLD_SIZES if old else SIZES
    if match is None or not (free or given in known):
        raise Rejected(unknown_value(given, known, "size"))
    width, height = int(match[1]), int(match[2])
    if free and not _is_free_size(width, height):
        raise Rejected(
            invalid(
                f"Invalid size '{given}'. Width and height must both be divisible by 16, the "
                f"aspect ratio between 1:3 and 3:1, and the size at most 3840x2160.",
                param="size",
                code="invalid_value",
            )
        )
    return width, height


def _is_free_size(width: int, height: int) -> bool:
    if not width or not height or width % 16 or height % 16:
        return False
    return width * height <= PIXELS_MAX and max(width, height) <= 3 * min(width, height)


def _sources(given: Form, required: str, *more: str) -> tuple[tuple[int, int], ...]:
    files = given.files.get(required) or []
    if not files:
        raise Rejected(WORDING.missing((required,)))
    for name in more:
        files = [*files, *given.files.get(name, [])]
    return tuple(map(_measured, files))


def _measured(file: File) -> tuple[int, int]:
    if not file.data:
        raise Rejected(invalid("Invalid image file.", param="image", code="invalid_image_file"))
    if file.data.startswith(PNG_START) and len(file.data) >= 24:
        width, height = struct.unpack(">II", file.data[16:24])
        return max(1, width), max(1, height)
    return UNKNOWN_SIZE


# --- answering ----------------------------------------------------------------------------


def _look(request: ImageRequest) -> dict[str, Any]:
    given: Mapping[str, Any] = request.raw[0]
    background = given.get("background")
    return {
        "background": background if background in ("transparent", "opaque") else "opaque",
        "output_format": "png",
        "quality": request.quality,
        "size": f"{request.width}x{request.height}",
    }


def _usage(result: ImageResult) -> dict[str, Any]:
    usage = result.usage
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "image_tokens": result.image_tokens,
            "text_tokens": max(0, usage.input_tokens - result.image_tokens),
        },
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }


def _old_answer(request: ImageRequest, result: ImageResult, stamp: Stamp, host: str) -> Answer:
    """Pictures of DALL-E: by address unless base64 was asked for, and without usage."""
    given: Mapping[str, Any] = request.raw[0]
    if given.get("response_format") == "b64_json":
        data = [{"b64_json": _base64(image)} for image in result.images]
        return answer(stamp, json_bytes({"created": int(stamp.now_s), "data": data}))
    kept = tuple(
        Stored(
            collection=COLLECTION,
            id=f"img-{stamp.ids.base62(24)}",
            body=image,
            size_bytes=len(image),
            expires_s=stamp.now_s + LIFE_S,
        )
        for image in result.images
    )
    data = [{"url": f"http://{host}/v1/images/content/{item.id}.png"} for item in kept]
    return answer(stamp, json_bytes({"created": int(stamp.now_s), "data": data}), stores=kept)


def _base64(image: bytes) -> str:
    return b64encode(image).decode()
