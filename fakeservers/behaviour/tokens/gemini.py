"""What Gemini makes of a request, in tokens. Factors were fitted to recorded counts.

Text comes within a token or two of what OpenAI's vocabulary has. Images, pages, sound and film
follow the documented rules; the grid of Gemini 3 was found from recorded counts.
"""

import math
import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from ...canonical import (
    ChatRequest,
    Media,
    Message,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from .media import pages, seconds, size, text
from .segments import Segment, compact
from .vocabulary import REMEMBERED_MODELS_MAX, counter

__all__ = ["output_tokens", "prompt"]

BASE: Final = 0.25
MESSAGE: Final = 0.45
CALL_WRITTEN: Final = 8.0
CALL_WRITTEN_WORDS: Final = 1.3

TILE_TOKENS: Final = 258
TILE_PIXELS: Final = 768
SMALL_PIXELS: Final = 384
"""An image no larger than this either way is one tile (image understanding guide)."""
GRID_OF_IMAGE: Final = 1120
GRID_OF_PAGE: Final = 560
GRID_OF_FRAME: Final = 70
AUDIO_PER_S: Final = 32
AUDIO_PER_S_OF_3: Final = 25
VIDEO_PER_S: Final = 263
VIDEO_BYTES_PER_AUDIO_BYTE: Final = 8

SEALED: Final = b"\x12"
SEALED_BYTES_MIN: Final = 110
SEALED_BYTES_PER_TOKEN: Final = 3.55
SIGNATURE_START: Final = 8
_URLSAFE: Final = str.maketrans("+/", "-_")

NESTING_MAX: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tools:
    """What declarations cost besides their words."""

    all: float
    each: float
    field: float
    words: float
    call: float


_TOOLS_OLD: Final = _Tools(all=0.0, each=10.5, field=-2.4, words=0.52, call=2.2)
_TOOLS_25: Final = _Tools(all=9.6, each=9.0, field=13.1, words=1.05, call=14.0)
_TOOLS_3: Final = _Tools(all=0.0, each=15.0, field=14.3, words=1.16, call=14.0)

_OLD: Final = re.compile(r"gemini-(?:1|2\.0)")
_NEW: Final = re.compile(r"gemini-(?:3|[4-9])")

_count: Final = counter(None)


def prompt(request: ChatRequest) -> Iterator[Segment]:
    """The segments of a prompt: instructions, declared functions, contents."""
    rates = _rates(request.model)
    yield Segment(BASE, None)
    instructions = [message for message in request.messages if message.role == "system"]
    contents = [message for message in request.messages if message.role != "system"]
    for message in instructions:
        yield from _message(message, request.model, rates)
    if request.tools:
        yield from _declarations(request.tools, rates)
    remembered = _remembered(contents) if _NEW.match(request.model) else len(contents)
    for index, message in enumerate(contents):
        yield from _message(message, request.model, rates, remembers=index >= remembered)


def output_tokens(parts: Sequence[Part], model: str) -> float:
    """What the parts of a reply cost."""
    rates = _rates(model)
    total = 0.0
    for part in parts:
        if isinstance(part, ToolCall):
            words = _count(f"{part.name} {_arguments(part.arguments)}")
            total += CALL_WRITTEN + CALL_WRITTEN_WORDS * words
        else:
            total += _part(part, 0.0, model, rates).tokens
    return total


@lru_cache(maxsize=REMEMBERED_MODELS_MAX)
def _rates(model: str) -> _Tools:
    if _OLD.match(model):
        return _TOOLS_OLD
    return _TOOLS_3 if _NEW.match(model) else _TOOLS_25


def _remembered(contents: Sequence[Message]) -> int:
    """From which content on the thoughts are in the prompt: those of the turn that goes on, after
    what the user said last (recorded; results of functions belong to the turn)."""
    spoken = (index for index, message in enumerate(contents) if message.role == "user")
    return max(spoken, default=-1) + 1


def _message(
    message: Message, model: str, rates: _Tools, *, remembers: bool = False
) -> Iterator[Segment]:
    around = MESSAGE
    for part in message.parts:
        yield _part(part, around, model, rates)
        if isinstance(part, ToolResult):
            for media in part.media:
                yield _media(media, 0.0, model)
        if remembers and isinstance(part, ToolCall) and part.signature:
            yield Segment(_sealed(part.signature), part.signature)
        around = 0.0


def _sealed(signature: str) -> float:
    """Tokens of the thought in a signature, which is a protobuf message: its first field says how
    many bytes it has, about 110 and 3.55 a token (recorded)."""
    try:
        start = urlsafe_b64decode(signature[:SIGNATURE_START].translate(_URLSAFE))
    except (Error, ValueError):
        return 0.0
    if start[:1] != SEALED:
        return 0.0
    size = shift = 0
    for byte in start[1:]:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return max(0.0, (size - SEALED_BYTES_MIN) / SEALED_BYTES_PER_TOKEN)


def _declarations(tools: Sequence[Tool], rates: _Tools) -> Iterator[Segment]:
    around = rates.all
    for tool in tools:
        words = [tool.name, tool.description, *_words(tool.parameters, 0)]
        fields = _fields(tool.parameters, 0)
        tokens = rates.each + rates.field * fields + rates.words * _count(" ".join(words))
        yield Segment(max(1.0, around + tokens), (tool.name, tool.description, tool.parameters))
        around = 0.0


def _fields(schema: Any, depth: int) -> int:
    """The properties in a schema, at any depth."""
    if depth > NESTING_MAX:
        return 0
    if isinstance(schema, Mapping):
        own = schema.get("properties")
        inside = sum(_fields(value, depth + 1) for value in schema.values())
        return inside + (len(own) if isinstance(own, Mapping) else 0)
    return sum(_fields(item, depth + 1) for item in schema) if isinstance(schema, list) else 0


def _words(schema: Any, depth: int) -> Iterator[str]:
    """What a schema says in words: names, descriptions, titles, allowed values."""
    if depth > NESTING_MAX:
        return
    if isinstance(schema, list):
        for item in schema:
            yield from _words(item, depth + 1)
    if not isinstance(schema, Mapping):
        return
    for key, value in schema.items():
        if key in ("description", "title") and isinstance(value, str):
            yield value
        elif key == "properties" and isinstance(value, Mapping):
            for name, field in value.items():
                yield str(name)
                yield from _words(field, depth + 1)
        elif key == "enum" and isinstance(value, list):
            yield from map(str, value)
        elif key != "required":
            yield from _words(value, depth + 1)


def _part(part: Part, around: float, model: str, rates: _Tools) -> Segment:
    match part:
        case Text() | Refusal() | Thinking():
            return Segment(around + _count(part.text), part.text)
        case ToolCall():
            said = _arguments(part.arguments)
            return Segment(around + rates.call + _count(f"{part.name} {said}"), (part.name, said))
        case ToolResult():
            tokens = around + rates.call + _count(f"{part.name} {part.text}")
            return Segment(tokens, (part.name, part.text))
        case Media():
            return _media(part, around, model)
        case Opaque():
            said = compact(part.raw)
            return Segment(around + _count(said), said)
    return Segment(around, None)


def _arguments(arguments: Mapping[str, Any] | str) -> str:
    if isinstance(arguments, str):
        return arguments
    return " ".join(f"{name} {compact(value)}" for name, value in arguments.items())


def _media(media: Media, around: float, model: str) -> Segment:
    new = _NEW.match(model) is not None
    raw = media.raw
    match media.kind:
        case "image":
            tokens = _grid(*size(media), GRID_OF_IMAGE) if new else _tiles(media)
            return Segment(around + tokens, raw, "image")
        case "audio":
            per_s = AUDIO_PER_S_OF_3 if new else AUDIO_PER_S
            return Segment(around + per_s * seconds(media), raw, "audio")
        case "video":
            per_s = GRID_OF_FRAME - 6 if new else VIDEO_PER_S
            length_s = max(1.0, seconds(media) / VIDEO_BYTES_PER_AUDIO_BYTE)
            return Segment(around + per_s * length_s, raw, "video")
    if (said := text(media)) is not None:
        return Segment(around + _count(said), raw)
    if new:
        # Gemini 3 reports a document's pages as images (recorded).
        return Segment(around + _grid(612, 792, GRID_OF_PAGE) * pages(media), raw, "image")
    return Segment(around + TILE_TOKENS * pages(media), raw, "document")


def _tiles(media: Media) -> int:
    width, height = size(media)
    if max(width, height) <= SMALL_PIXELS:
        return TILE_TOKENS
    unit = max(256.0, min(float(TILE_PIXELS), min(width, height) / 1.5))
    if max(width, height) <= TILE_PIXELS:
        return TILE_TOKENS
    return TILE_TOKENS * math.ceil(width / unit) * math.ceil(height / unit)


def _grid(width: int, height: int, most: int) -> int:
    """The largest grid of the image's proportions that has no more than `most` cells."""
    ratio = width / height
    columns, rows = math.sqrt(most * ratio), math.sqrt(most / ratio)
    return max(1, int(columns)) * max(1, int(rows))
