"""What a local model's chat template makes of a request, in tokens.

Each model has a vocabulary and a template of its own; these are those of Llama 3, whose special
tokens stand in recorded contexts: four open a message, one closes it, four open the reply.
"""

from collections.abc import Iterator, Sequence
from typing import Final

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
from .segments import Segment, compact
from .vocabulary import counter

__all__ = ["output_tokens", "prompt"]

MESSAGE: Final = 5
REPLY: Final = 4
TEXT: Final = 1.02
TOOLS: Final = 90
TOOL_JSON: Final = 1.3
"""Templates write tools as indented JSON."""
CALL: Final = 8
IMAGE: Final = 576
"""A picture of 336 pixels in patches of 14, as CLIP and LLaVA see it."""

_count: Final = counter(None)


def prompt(request: ChatRequest) -> Iterator[Segment]:
    """The segments of a prompt; a raw one has no template around it."""
    raw = isinstance(request.raw, dict) and request.raw.get("raw") is True
    message_tokens, reply_tokens = (0, 0) if raw else (MESSAGE, REPLY)
    if request.tools:
        yield Segment(TOOLS, None)
        for tool in request.tools:
            told = compact(
                {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                }
            )
            yield Segment(TOOL_JSON * _count(told), told)
    for message in request.messages:
        around = message_tokens
        for part in message.parts:
            yield _part(part, around)
            around = 0
    yield Segment(reply_tokens, None)


def output_tokens(parts: Sequence[Part], model: str) -> float:
    """What the parts of a reply cost."""
    return sum(_part(part, 0).tokens for part in parts)


def _part(part: Part, around: float) -> Segment:
    match part:
        case Text() | Refusal() | Thinking():
            return Segment(around + TEXT * _count(part.text), part.text)
        case ToolCall():
            said = f"{part.name} {compact(part.arguments)}"
            return Segment(around + CALL + _count(said), said)
        case ToolResult():
            return Segment(around + TEXT * _count(part.text), part.text)
        case Media():
            return Segment(around + IMAGE, part.raw, "image")
        case Opaque():
            return Segment(around + _count(compact(part.raw)), part.raw)
    return Segment(around, None)
