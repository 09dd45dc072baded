"""How many tokens a request can have at most, and has probably, without any vendor's tokenizer.

What belongs here: bounds and estimates from the request alone. What must not: prices. The bound
is safe because every tokenizer of these vendors falls back to single bytes: no token is shorter
than one byte of UTF-8, so that text never has more tokens than bytes. The estimate is what prose
and code come to on average; it never exceeds the bound.
"""

import json
from collections.abc import Iterator
from typing import Literal

from ..types import Image, LLMRequest, Message, Text, Thinking, ToolCall, ToolResult

__all__ = [
    "IMAGE_TOKENS_MAX",
    "cache_asked",
    "has_images",
    "input_bound",
    "input_estimate",
    "text_estimate",
]

# Each turn costs a few marker tokens (OpenAI documents 3 and a name; others are alike).
_MESSAGE_TOKENS = 8
_REQUEST_TOKENS = 16
# The prompt that a vendor adds once tools are offered: Claude documents up to 804 tokens for
# older models, https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview#pricing
_TOOLS_TOKENS = 1000
_TOOL_TOKENS = 64
# Claude: about width * height / 750, at most 4784 for the largest; GPT-4o mini: 2833 + 5667 for
# each of at most 8 tiles of 512 px; Gemini: 258 for each tile.
IMAGE_TOKENS_MAX = {"anthropic": 5000, "gemini": 5000, "google": 5000, "openai": 48200}
_IMAGE_TOKENS_MAX = 48200
_IMAGE_TOKENS = 1500
# Prose in Latin letters has four characters a token, code three; other scripts one or two.
_ASCII_CHARACTERS_PER_TOKEN = 3.5


def input_bound(request: LLMRequest, provider: str = "") -> int:
    """Tokens that the prompt cannot exceed."""
    text = sum(len(piece.encode("utf-8", "surrogatepass")) for piece in _texts(request))
    image = IMAGE_TOKENS_MAX.get(provider, _IMAGE_TOKENS_MAX)
    return text + _overhead(request) + image * _images(request)


def input_estimate(request: LLMRequest) -> int:
    """Tokens that the prompt probably has."""
    text = sum(text_estimate(piece) for piece in _texts(request))
    tools = 350 if request.tools else 0
    return text + 4 * len(request.messages) + 3 + tools + _IMAGE_TOKENS * _images(request)


def text_estimate(text: str) -> int:
    """Tokens that a text probably has: at least 1 if there is any, never more than its bytes."""
    if not text:
        return 0
    if text.isascii():
        return int(len(text) / _ASCII_CHARACTERS_PER_TOKEN) + 1
    plain = sum(1 for letter in text if letter < "\x80")
    return int(plain / _ASCII_CHARACTERS_PER_TOKEN + (len(text) - plain) / 1.2) + 1


def has_images(request: LLMRequest) -> bool:
    return _images(request) > 0


def cache_asked(request: LLMRequest) -> Literal["5m", "1h"] | None:
    """The longest time that the request asks some of its prompt to be cached for."""
    asked = {request.system_cache}
    asked.update(
        part.cache
        for message in request.messages
        for part in message.parts
        if isinstance(part, Text)
    )
    return "1h" if "1h" in asked else "5m" if "5m" in asked else None


def _overhead(request: LLMRequest) -> int:
    tools = _TOOLS_TOKENS + _TOOL_TOKENS * len(request.tools) if request.tools else 0
    return (
        _REQUEST_TOKENS + _MESSAGE_TOKENS * sum(1 + len(m.parts) for m in request.messages) + tools
    )


def _images(request: LLMRequest) -> int:
    count = 0
    for message in request.messages:
        for part in message.parts:
            inside = part.content if isinstance(part, ToolResult) else (part,)
            count += sum(isinstance(piece, Image) for piece in inside)
    return count


def _texts(request: LLMRequest) -> Iterator[str]:
    """Every text of the request that a vendor reads as prompt."""
    if request.system:
        yield request.system
    for message in request.messages:
        yield from _message_texts(message)
    for tool in request.tools:
        yield tool.name + tool.description + _json(tool.parameters)
    if request.output and request.output.schema is not None:
        yield request.output.name + _json(request.output.schema)
    for fields in request.extra.values():
        yield _json(fields)


def _message_texts(message: Message) -> Iterator[str]:
    for part in message.parts:
        match part:
            case Text(text=text):
                yield text
            case Thinking(text=text, signature=signature, redacted=redacted):
                yield text + signature + redacted
            case ToolCall(name=name, arguments=arguments, arguments_text=written):
                yield name + part.id + (written or _json(arguments))
            case ToolResult(content=str() as content):
                yield part.call_id + part.name + content
            case ToolResult(content=content):
                yield part.call_id + part.name
                yield from (piece.text for piece in content if isinstance(piece, Text))
            case _:
                pass


def _json(value: object) -> str:
    return json.dumps(value, default=dict, ensure_ascii=False)
