"""What Claude makes of a request, in tokens. Its vocabulary is not published: all is estimated.

Factors were fitted to recorded counts with cross-validation, and rounded; what the vendor
documents is used as it stands: images by patches of 28 pixels (vision guide), the system prompts
of tool use for older models (tool use guide).
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from ...canonical import (
    ChatRequest,
    Media,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from .media import pages, size, text
from .segments import Segment, compact
from .vocabulary import REMEMBERED_MODELS_MAX, counter

__all__ = ["REPLY", "output_tokens", "prompt"]

BASE: Final = 3.5
REPLY: Final = 3.5
"""What opens the prompt, and what opens the reply; a cached prefix never has the latter."""
SYSTEM: Final = 2.0
CALL: Final = 39.0
RESULT: Final = 14.0
THOUGHT: Final = 7.0
"""Around each thinking block of a reply."""
THINKING_ON: Final = 29.0
SCHEMA: Final = 122.0
PAGE_TEXT: Final = 400.0

_NEWEST: Final = re.compile(r"claude-(?:opus-4-[7-9]|(?:opus|sonnet|haiku)-[5-9]|fable|mythos)")

_REMEMBERS_THINKING: Final = re.compile(
    r"claude-(?:opus-4-[5-9]|sonnet-4-[6-9]|(?:opus|sonnet|haiku)-[5-9]|fable|mythos)"
)

# The system prompt of tool use where the model may choose, and where it must call.
_TOOL_USE: Final = (
    (re.compile(r"claude-3-opus"), (530.0, 281.0)),
    (re.compile(r"claude-3-sonnet"), (159.0, 235.0)),
    (re.compile(r"claude-3-(?:5-)?haiku"), (264.0, 340.0)),
    (re.compile(r"claude-3-5-sonnet-20240620"), (294.0, 261.0)),
    (re.compile(r"claude-3|claude-(?:opus|sonnet)-4-(?:[01]\b|2)"), (346.0, 313.0)),
    (_NEWEST, (385.0, 484.0)),
    (re.compile(r""), (497.0, 596.0)),
)

# What comes with tools that Anthropic defines, by the start of their type (recorded or documented).
_HOSTED: Final = (
    ("advisor_", 1100.0),
    ("bash_", 245.0),
    ("code_execution_", 4300.0),
    ("computer_", 735.0),
    ("memory_", 1060.0),
    ("text_editor_", 700.0),
    ("tool_search_tool_", 180.0),
    ("web_fetch_", 1700.0),
    ("web_search_", 1700.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tokenizer:
    """What depends on the vocabulary.

    text         tokens for one that the shape of a text tells, in prompts and answers alike
    definitions  the same for JSON of tools and schemas
    hosted       the same for what comes with tools that Anthropic defines
    message      around each message but the first
    adaptive     what adaptive thinking adds to the prompt
    """

    text: float
    definitions: float
    hosted: float
    message: float
    adaptive: float


_TOKENIZER: Final = _Tokenizer(text=1.06, definitions=1.34, hosted=1.0, message=3.6, adaptive=18.0)
_TOKENIZER_OF_NEWEST: Final = _Tokenizer(
    text=1.37, definitions=1.67, hosted=1.3, message=1.0, adaptive=0.0
)
"""Opus 4.7 brought a new one."""

FOUND_TOOL: Final = 10.0
NESTING_MAX: Final = 8

_TOLD: Final = ("name", "description", "input_schema")

IMAGE_EDGE_MAX: Final = 1568
IMAGE_TOKENS_MAX: Final = 1568
IMAGE_EDGE_MAX_OF_NEWEST: Final = 2576
IMAGE_TOKENS_MAX_OF_NEWEST: Final = 4784
PATCH: Final = 28

_count: Final = counter(None)


def prompt(request: ChatRequest) -> Iterator[Segment]:
    """The segments of a prompt in the order in which caching sees them: tools, system, messages;
    one for each block, and the last one for what opens the reply."""
    words = _tokenizer(request.model)
    yield Segment(BASE + _options(request, words), request.output.schema)
    tools = _raw_tools(request)
    yield from _tools(tools, request, words)
    forgotten = _forgotten(request)
    first = -words.message
    for index, message in enumerate(request.messages):
        around = SYSTEM
        if message.role != "system":
            around, first = words.message + first, 0.0
        for part in message.parts:
            if index < forgotten and isinstance(part, Thinking):
                yield Segment(around, None)
            else:
                yield _block(part, around, request.model, words)
            around = 0.0
    yield Segment(REPLY + _found_tools(tools, request, words), None)


def output_tokens(parts: Sequence[Part], model: str) -> float:
    """What the parts of a reply cost."""
    words = _tokenizer(model)
    around = THOUGHT * sum(isinstance(part, Thinking) for part in parts)
    return around + sum(_block(part, 0.0, model, words).tokens for part in parts)


@lru_cache(maxsize=REMEMBERED_MODELS_MAX)
def _tokenizer(model: str) -> _Tokenizer:
    return _TOKENIZER_OF_NEWEST if _NEWEST.match(model) else _TOKENIZER


def _forgotten(request: ChatRequest) -> int:
    """Messages, from the start, whose thinking the model no longer sees: those before the last
    turn of the user (extended thinking guide); the newer models see all of it."""
    if len(request.messages) == 1 or _REMEMBERS_THINKING.match(request.model):
        return 0
    roles = [message.role for message in request.messages]
    return max((index for index, role in enumerate(roles) if role == "user"), default=0)


def _options(request: ChatRequest, words: _Tokenizer) -> float:
    total = 0.0
    if request.output.schema is not None:
        total += SCHEMA + words.definitions * _count(compact(request.output.schema))
    if request.thinking.enabled:
        budget = request.thinking.budget_tokens
        total += words.adaptive if budget is None else THINKING_ON
    return total


def _raw_tools(request: ChatRequest) -> list[Mapping[str, Any]]:
    """The tools as they stood on the wire, where hosted and deferred ones are told apart; else
    the canonical ones in that form."""
    given = request.raw.get("tools") if isinstance(request.raw, dict) else None
    if isinstance(given, list):
        return [tool for tool in given if isinstance(tool, dict)]
    return [
        {"name": t.name, "description": t.description, "input_schema": t.parameters}
        for t in request.tools
    ]


def _tools(
    tools: Sequence[Mapping[str, Any]], request: ChatRequest, words: _Tokenizer
) -> Iterator[Segment]:
    auto, forced = next(tokens for names, tokens in _TOOL_USE if names.match(request.model))
    around = forced if request.tool_choice.mode == "any" else auto
    for tool in tools:
        kind = tool.get("type") or "custom"
        hosted = next((cost for start, cost in _HOSTED if str(kind).startswith(start)), None)
        if hosted is not None:
            yield Segment(around + words.hosted * hosted, tool)
        elif tool.get("defer_loading"):
            # It is found by a search, and costs nothing before that.
            yield Segment(0.0, None)
            continue
        else:
            told = {key: tool[key] for key in _TOLD if key in tool}
            yield Segment(around + words.definitions * _count(compact(told)), told)
        around = 0.0


def _found_tools(
    tools: Sequence[Mapping[str, Any]], request: ChatRequest, words: _Tokenizer
) -> float:
    """Deferred tools are written where a search refers to them, not before the prompt; which
    leaves its cached beginning as it was."""
    deferred = {str(tool.get("name")): tool for tool in tools if tool.get("defer_loading")}
    if not deferred or not isinstance(request.raw, dict):
        return 0.0
    names = deferred.keys() & set(_references(request.raw.get("messages"), 0))
    told = (
        {key: deferred[name][key] for key in _TOLD if key in deferred[name]}
        for name in sorted(names)
    )
    return sum(FOUND_TOOL + words.definitions * _count(compact(tool)) for tool in told)


def _references(value: Any, depth: int) -> Iterator[str]:
    """The names in `tool_reference` blocks, wherever they stand in a message."""
    if depth > NESTING_MAX:
        return
    if isinstance(value, list):
        for item in value:
            yield from _references(item, depth + 1)
    elif isinstance(value, dict):
        name = value.get("tool_name") or value.get("name")
        if value.get("type") == "tool_reference" and isinstance(name, str):
            yield name
        for key in ("content", "tool", "tool_references"):
            yield from _references(value.get(key), depth + 1)


def _block(part: Part, around: float, model: str, words: _Tokenizer) -> Segment:
    match part:
        case Text() | Refusal() | Thinking():
            return Segment(around + words.text * _count(part.text), part.text)
        case ToolCall():
            arguments = compact(part.arguments)
            tokens = around + CALL + words.text * (_count(part.name) + _count(arguments))
            return Segment(tokens, (part.name, arguments))
        case ToolResult():
            inside = sum(_block(media, 0.0, model, words).tokens for media in part.media)
            tokens = around + RESULT + words.text * _count(part.text) + inside
            return Segment(tokens, (part.text, *(media.raw for media in part.media)))
        case Media():
            return _media(part, around, model, words)
        case Opaque():
            return Segment(around + words.text * _count(compact(part.raw)), part.raw)
    return Segment(around, None)


def _media(media: Media, around: float, model: str, words: _Tokenizer) -> Segment:
    if media.kind == "image":
        return Segment(around + image(media, model), media.raw, "image")
    if (said := text(media)) is not None:
        return Segment(around + words.text * _count(said), media.raw, "document")
    # Each page is read as text and seen as an image (PDF guide: 1,500 to 3,000 tokens).
    each = IMAGE_TOKENS_MAX + PAGE_TEXT
    return Segment(around + each * pages(media), media.raw, "document")


def image(media: Media, model: str) -> int:
    """Patches of 28 pixels, after scaling down to what the model sees at most."""
    newest = _NEWEST.match(model) is not None
    edge = IMAGE_EDGE_MAX_OF_NEWEST if newest else IMAGE_EDGE_MAX
    most = IMAGE_TOKENS_MAX_OF_NEWEST if newest else IMAGE_TOKENS_MAX
    width, height = size(media)
    scale = min(1.0, edge / max(width, height), math.sqrt(most * PATCH * PATCH / (width * height)))
    patches = math.ceil(width * scale / PATCH) * math.ceil(height * scale / PATCH)
    return min(most, patches)
