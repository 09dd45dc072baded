"""How many tokens a text, a request or a reply has: deterministic, offline, no dependency.

The counts are estimates from the shape of the text; nothing here decides what a token costs.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..canonical import (
    ChatRequest,
    Media,
    Opaque,
    Part,
    Reference,
    Refusal,
    Reply,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from ..pieces import pieces

__all__ = ["count_chat", "count_reply", "count_request", "count_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Overhead:
    """Tokens that a provider's chat template adds around what the caller wrote."""

    request: int
    message: int
    tools: int
    media: int


_OVERHEAD: Mapping[str, _Overhead] = {
    "claude": _Overhead(request=3, message=4, tools=340, media=1200),
    "openai": _Overhead(request=3, message=4, tools=12, media=765),
    "gemini": _Overhead(request=0, message=1, tools=20, media=258),
    "ollama": _Overhead(request=5, message=5, tools=60, media=600),
}
_DEFAULT = _Overhead(request=3, message=4, tools=12, media=765)


def count_text(text: str) -> int:
    """About how many tokens `text` has; 0 only for the empty text."""
    return len(pieces(text))


def count_request(request: ChatRequest) -> int:
    """Prompt tokens of a request: its messages, its tools, its schema, the template around."""
    overhead = _OVERHEAD.get(request.provider, _DEFAULT)
    total = overhead.request
    for message in request.messages:
        total += overhead.message
        for part in message.parts:
            total += _count_part(part, overhead)
    if request.tools:
        total += overhead.tools + sum(map(_count_tool, request.tools))
    if request.output.schema is not None:
        total += _count_json(request.output.schema)
    return total


def count_chat(request: ChatRequest, replies: Iterable[Reply]) -> Usage:
    """What a request and the replies to it come to."""
    output, reasoning = _count_output(replies)
    return Usage(
        input_tokens=count_request(request), output_tokens=output, reasoning_tokens=reasoning
    )


def count_reply(replies: Iterable[Reply]) -> Usage:
    """Output and reasoning tokens of the replies of one answer."""
    output, reasoning = _count_output(replies)
    return Usage(output_tokens=output, reasoning_tokens=reasoning)


def _count_output(replies: Iterable[Reply]) -> tuple[int, int]:
    output = reasoning = 0
    for reply in replies:
        for part in reply.parts:
            tokens = _count_part(part, _DEFAULT)
            output += tokens
            if isinstance(part, Thinking):
                reasoning += tokens
    return max(1, output), reasoning


def _count_part(part: Part, overhead: _Overhead) -> int:
    match part:
        case Text() | Refusal() | Thinking():
            return count_text(part.text)
        case ToolCall():
            return 8 + count_text(part.name) + _count_json(part.arguments)
        case ToolResult():
            return 6 + count_text(part.text)
        case Media():
            return overhead.media
        case Opaque():
            return _count_json(part.raw)
        case Reference():
            return 0


def _count_tool(tool: Tool) -> int:
    return 8 + count_text(tool.name) + count_text(tool.description) + _count_json(tool.parameters)


def _count_json(value: Any) -> int:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    # Punctuation merges with its neighbours in every vendor's tokenizer.
    return count_text(text) * 2 // 3
