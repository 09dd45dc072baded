"""What OpenAI's chat template makes of a request, in tokens.

Text follows the published rule (openai-cookbook, "How to count tokens"): four a message, three
that open the reply. The rest was found by explaining recorded counts; each constant says what it
stands for. Images follow the vision guide, with the multipliers that are billed.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
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
    ToolCall,
    ToolResult,
)
from .media import pages, seconds, size, text
from .segments import Segment, compact, token_numbers
from .typescript import namespace
from .vocabulary import REMEMBERED_MODELS_MAX, Count, counter, encoding_name

__all__ = ["REASONING_END", "is_reasoning", "output_tokens", "prompt"]

MESSAGE: Final = 4
REPLY: Final = 3
REPLY_OF_REASONING: Final = 2

CALL: Final = 5
"""Around a call and its result, which says the function's name again."""
CALL_IN_RESPONSES: Final = 9
CALL_WRITTEN: Final = 7
REASONING_END: Final = 8
"""Between the thoughts of a reasoning model, however few, and what it says."""
PARALLEL_CALLS: Final = 14
"""Calls made at once are wrapped in one of `multi_tool_use.parallel`."""

TOOLS_SYSTEM_MESSAGE: Final = 3
"""Tools need a system message; they open one where the caller has none."""
TOOLS_OF_REASONING_CHAT: Final = 82
TOOLS_OF_RESPONSES: Final = -4
TOOLS_OF_REASONING_RESPONSES: Final = 2
NEXT_TOOL: Final = -0.5

HOSTED_TOOLS: Final = {
    "code_interpreter": 1450,
    "computer_use_preview": 600,
    "file_search": 845,
    "image_generation": 1870,
    "mcp": 1030,
    "web_search": 300,
    "web_search_preview": 300,
}
"""The instructions that come with a tool which OpenAI runs (recorded)."""
TOOL_SEARCH: Final = 500
TOOL_SEARCHED: Final = 20
"""A search for deferred tools: with the pass that makes it, and once it has been made."""
DEFERRED_TOOL: Final = 8

PAGE_TEXT: Final = 60
SIGNATURE_CHARS_PER_TOKEN: Final = 6
AUDIO_PER_S: Final = 10

SAID: Final = (Text, Refusal, Thinking)

_REASONING: Final = re.compile(r"o\d|gpt-5(?!.*-chat)")

# Tokens of an image without detail and of each tile of 512 pixels; by the start of the name.
_TILES: Final = (
    (re.compile(r"gpt-4o-mini"), (2833, 5667)),
    (re.compile(r"o1|o3"), (75, 150)),
    (re.compile(r"gpt-5"), (70, 140)),
    (re.compile(r"computer-use"), (65, 129)),
    (re.compile(r""), (85, 170)),
)
# Models that count patches of 32 pixels: tokens a patch, patches at most.
_PATCHES: Final = (
    (re.compile(r"gpt-4\.1-mini"), (1.62, 1536)),
    (re.compile(r"gpt-4\.1-nano"), (2.46, 1536)),
    (re.compile(r"o4-mini|codex-mini"), (1.72, 1536)),
    (re.compile(r"gpt-5-nano"), (1.5, 1536)),
    (re.compile(r"gpt-5-mini|gpt-5\.2|gpt-5\.3"), (1.2, 1536)),
    (re.compile(r"gpt-5\.[4-9]"), (1.2, 2500)),
)


@lru_cache(maxsize=REMEMBERED_MODELS_MAX)
def is_reasoning(model: str) -> bool:
    """Whether a model of this name thinks before it answers."""
    return _REASONING.match(model) is not None


def prompt(request: ChatRequest) -> Iterator[Segment]:
    """The segments of a prompt in the order in which the model reads them."""
    count = counter(encoding_name(request.model))
    if request.endpoint == "completions.create":
        yield from _plain(request, count)
        return
    reasoning = is_reasoning(request.model)
    raw = _raw_tools(request)
    if raw or request.tools or request.output.schema is not None:
        yield from _definitions(request, raw, count, reasoning)
    for message in request.messages:
        yield from _message(message, request, count)
    yield Segment(REPLY_OF_REASONING if reasoning else REPLY, None)


def plain_prompt(request: ChatRequest) -> float | None:
    """What the segments of a prompt of nothing but texts come to, which most are; None for any
    other."""
    if request.tools or request.output.schema is not None or "tools" in request.raw:
        return None
    if request.endpoint == "completions.create":
        return None
    count = counter(encoding_name(request.model))
    total: float = REPLY_OF_REASONING if is_reasoning(request.model) else REPLY
    for message in request.messages:
        parts = message.parts
        if len(parts) != 1 or type(parts[0]) is not Text:
            return None
        total += MESSAGE + count(parts[0].text)
    return total


def output_tokens(parts: Sequence[Part], model: str) -> float:
    """What the parts of a reply cost; calls have their own marks."""
    count = counter(encoding_name(model))
    calls = [part for part in parts if isinstance(part, ToolCall)]
    total = sum([count(part.text) for part in parts if isinstance(part, SAID)])
    total += sum(CALL_WRITTEN + count(call.name) + count(compact(call.arguments)) for call in calls)
    if len(calls) > 1:
        total += PARALLEL_CALLS
    return total


def _plain(request: ChatRequest, count: Count) -> Iterator[Segment]:
    """The older completions: the prompt as it is, no template around it."""
    given = request.raw.get("prompt") if isinstance(request.raw, dict) else None
    numbers = token_numbers(given)
    if numbers is not None:
        yield Segment(numbers, given)
        return
    for message in request.messages:
        yield Segment(count(message.text), message.text)


def _definitions(
    request: ChatRequest, raw: Sequence[Mapping[str, Any]], count: Count, reasoning: bool
) -> Iterator[Segment]:
    """Tools and the schema of the answer, which stand before everything else."""
    responses = request.endpoint.startswith("responses")
    opened = not any(message.role == "system" for message in request.messages)
    around = TOOLS_SYSTEM_MESSAGE if opened else -1
    deferred = {tool.get("name") for tool in raw if tool.get("defer_loading")}
    if tools := [tool for tool in request.tools if tool.name not in deferred]:
        if responses:
            around = TOOLS_OF_REASONING_RESPONSES if reasoning else TOOLS_OF_RESPONSES
        elif reasoning:
            around += TOOLS_OF_REASONING_CHAT
        text = namespace(tools)
        yield Segment(count(text) + around + NEXT_TOOL * (len(tools) - 1), text)
        around = 0
    for tool in raw:
        kind = tool.get("type")
        if kind == "tool_search":
            yield Segment(_search_tokens(tool, request, count), compact(tool))
        elif isinstance(kind, str) and kind in HOSTED_TOOLS:
            yield Segment(HOSTED_TOOLS[kind], compact(tool))
        elif tool.get("defer_loading"):
            told = f"{tool.get('name')} {tool.get('description') or ''}"
            yield Segment(DEFERRED_TOOL + count(told), told)
    if request.output.schema is not None:
        text = compact(request.output.schema)
        yield Segment(count(text) + around, text)


def _raw_tools(request: ChatRequest) -> list[Mapping[str, Any]]:
    """The tools as they stood on the wire, where hosted and deferred ones are told apart."""
    tools = request.raw.get("tools") if isinstance(request.raw, dict) else None
    return [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []


def _search_tokens(tool: Mapping[str, Any], request: ChatRequest, count: Count) -> float:
    if tool.get("execution") == "client":
        return count(compact(tool))
    opaque = (p.raw for m in request.messages for p in m.parts if isinstance(p, Opaque))
    searched = any(
        isinstance(raw, dict) and "tool_search" in str(raw.get("type")) for raw in opaque
    )
    return TOOL_SEARCHED if searched else TOOL_SEARCH


def _message(message: Message, request: ChatRequest, count: Count) -> Iterator[Segment]:
    around = float(MESSAGE)
    calls = 0
    for part in message.parts:
        match part:
            case Text() | Refusal():
                yield Segment(count(part.text) + around, part.text)
            case ToolCall():
                calls += 1
                yield _call(part, around, request, count)
            case ToolResult():
                yield Segment(count(part.text) + around, part.text)
                for media in part.media:
                    yield _media(media, 0.0, request)
            case Media():
                yield _media(part, around, request)
            case Thinking():
                thought = count(part.text) + len(part.signature) // SIGNATURE_CHARS_PER_TOKEN
                yield Segment(thought + around, part.text or part.signature)
            case Opaque():
                yield Segment(count(compact(part.raw)) + around, part.raw)
            case _:
                continue
        around = MESSAGE if message.role == "tool" else 0.0
    if calls > 1:
        yield Segment(PARALLEL_CALLS, None)
    if not message.parts:
        yield Segment(around, message.role)


def _call(call: ToolCall, around: float, request: ChatRequest, count: Count) -> Segment:
    fixed = CALL_IN_RESPONSES if request.endpoint.startswith("responses") else CALL
    arguments = compact(call.arguments)
    named = count(call.name)
    return Segment(2 * named + count(arguments) + fixed + around, (call.name, arguments))


# --- what is no text --------------------------------------------------------------------


def _media(media: Media, around: float, request: ChatRequest) -> Segment:
    raw: dict[str, Any] = media.raw if isinstance(media.raw, dict) else {}
    match media.kind:
        case "image":
            inner = raw.get("image_url")
            detail = inner.get("detail") if isinstance(inner, dict) else raw.get("detail")
            return Segment(around + image(media, request.model, detail), raw, "image")
        case "audio" | "video":
            return Segment(around + AUDIO_PER_S * seconds(media), raw, "audio")
    if (said := text(media)) is not None:
        return Segment(around + counter(encoding_name(request.model))(said), raw, "document")
    each = image(media, request.model, None) + PAGE_TEXT
    return Segment(around + each * pages(media), raw, "document")


def image(media: Media, model: str, detail: object) -> float:
    """Tokens of an image: patches of 32 pixels for newer models, tiles of 512 for the others."""
    width, height = size(media)
    for names, (per_patch, most) in _PATCHES:
        if names.match(model):
            return math.ceil(_patches(width, height, most) * per_patch)
    base, tile = next(tokens for names, tokens in _TILES if names.match(model))
    return base if detail == "low" else base + tile * _tiles(width, height)


def _tiles(width: int, height: int) -> int:
    """After scaling into 2048 x 2048, then the shorter side to 768 at most."""
    scale = min(1.0, 2048 / max(width, height))
    scale *= min(1.0, 768 / (min(width, height) * scale))
    return math.ceil(width * scale / 512) * math.ceil(height * scale / 512)


def _patches(width: int, height: int, most: int) -> int:
    """Patches that cover the image, after scaling down to no more than `most` of them."""
    patches = math.ceil(width / 32) * math.ceil(height / 32)
    if patches <= most:
        return patches
    scale = math.sqrt(most * 32 * 32 / (width * height))
    wide, high = width * scale / 32, height * scale / 32
    scale *= min(math.floor(wide) / wide, math.floor(high) / high)
    return min(most, math.ceil(width * scale / 32) * math.ceil(height * scale / 32))
