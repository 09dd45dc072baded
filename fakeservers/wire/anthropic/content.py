"""Messages and their content blocks, from the wire to canonical form.

A user message that brings tool results becomes a `tool` message, followed by a `user` message
with whatever else it holds. Blocks of tools that the server runs stay as they are.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from ...canonical import Media, Message, Opaque, Part, Role, Text, Thinking, ToolCall, ToolResult
from ..reading import Reader
from .wording import choice, invalid, tagged

__all__ = ["read_messages", "read_system"]

# The block types of a request (anthropic SDK 2.12 types, `beta` included).
_BLOCKS = (
    "advisor_tool_result",
    "bash_code_execution_tool_result",
    "code_execution_tool_result",
    "compaction",
    "container_upload",
    "document",
    "fallback",
    "image",
    "mcp_tool_listing",
    "mcp_tool_result",
    "mcp_tool_use",
    "redacted_thinking",
    "search_result",
    "server_tool_use",
    "text",
    "text_editor_code_execution_tool_result",
    "thinking",
    "tool_addition",
    "tool_removal",
    "tool_result",
    "tool_search_tool_result",
    "tool_use",
    "web_fetch_tool_result",
    "web_search_tool_result",
)
_RESULT_BLOCKS = ("browser_state", "document", "image", "search_result", "text", "tool_reference")
_ROLES = ("user", "assistant", "system")


def read_system(body: Reader) -> tuple[Message, ...]:
    """The `system` field, a text or text blocks, as no message or one."""
    given = body.raw("system")
    if given is None or given == "":
        return ()
    if isinstance(given, str):
        return (Message("system", (Text(given),)),)
    if not isinstance(given, list) and body.strict:
        raise body.reject("system", "string", "array")
    parts: list[Part] = []
    for block in body.objects("system"):
        choice(block, "type", ("text",))
        parts.append(_text(block))
    return (Message("system", tuple(parts)),) if parts else ()


def read_messages(body: Reader) -> tuple[Message, ...]:
    """The `messages` field; there must be one at least."""
    body.require("messages")
    messages: list[Message] = []
    names: dict[str, str] = {}
    for given in body.objects("messages"):
        role = choice(given, "role", _ROLES)
        parts = _parts(given, names)
        names.update((part.id, part.name) for part in parts if isinstance(part, ToolCall))
        messages += _split(role, parts)
    if not messages and body.strict:
        raise invalid(("messages",), "at least one message is required")
    return tuple(messages)


def _split(role: str, parts: list[Part]) -> Iterator[Message]:
    kept: Role = "assistant" if role == "assistant" else "system" if role == "system" else "user"
    results = tuple(part for part in parts if isinstance(part, ToolResult))
    if not results or kept != "user":
        yield Message(kept, tuple(parts))
        return
    yield Message("tool", results)
    if rest := tuple(part for part in parts if not isinstance(part, ToolResult)):
        yield Message("user", rest)


def _parts(message: Reader, names: dict[str, str]) -> list[Part]:
    message.require("content")
    content = message.raw("content")
    if isinstance(content, str):
        return [Text(content)]
    if not isinstance(content, list) and message.strict:
        raise message.reject("content", "string", "array")
    return [_part(block, names) for block in message.objects("content")]


def _part(block: Reader, names: dict[str, str]) -> Part:
    kind, read = tagged(block, _BLOCKS)
    match kind:
        case "text":
            return _text(read)
        case "thinking":
            read.require("thinking")
            return Thinking(read.text("thinking") or "", read.text("signature") or "")
        case "tool_use":
            return _tool_call(read)
        case "tool_result":
            return _tool_result(read, names)
        case "image":
            return Media("image", _mime_type(read, "image/png"), raw=block.value)
        case "document":
            return Media("document", _mime_type(read, "application/pdf"), raw=block.value)
    return Opaque(block.value)


def _text(block: Reader) -> Text:
    if block.raw("text") is None:
        block.require("text")
    return Text(block.text("text") or "")


def _tool_call(block: Reader) -> ToolCall:
    block.require("id", "name")
    if "input" not in block.value:
        block.require("input")
    arguments = block.raw("input")
    if not isinstance(arguments, dict):
        raise invalid((*block.path, "input"), "Input should be a valid dictionary")
    return ToolCall(name=block.text("name") or "", arguments=arguments, id=block.text("id") or "")


def _tool_result(block: Reader, names: dict[str, str]) -> ToolResult:
    block.require("tool_use_id")
    call_id = block.text("tool_use_id") or ""
    return ToolResult(
        call_id=call_id,
        name=names.get(call_id, ""),
        text=_result_text(block),
        is_error=bool(block.flag("is_error")),
        media=_result_media(block),
    )


def _result_media(block: Reader) -> tuple[Media, ...]:
    """Images and documents among the blocks, which are prompt tokens too."""
    if not isinstance(block.raw("content"), list):
        return ()
    kinds = ((inner.text("type"), inner) for inner in block.objects("content"))
    return tuple(
        Media("image", _mime_type(inner, "image/png"), raw=inner.value)
        if kind == "image"
        else Media("document", _mime_type(inner, "application/pdf"), raw=inner.value)
        for kind, inner in kinds
        if kind in ("image", "document")
    )


def _result_text(block: Reader) -> str:
    content = block.raw("content")
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list) and block.strict:
        raise block.reject("content", "string", "array")
    return "\n".join(_texts(block.objects("content")))


def _texts(blocks: Iterable[Reader]) -> Iterator[str]:
    for block in blocks:
        kind, read = tagged(block, _RESULT_BLOCKS)
        if kind == "text":
            yield _text(read).text
        elif kind in ("document", "image"):
            _mime_type(read, "")
        elif kind == "search_result":
            yield from (_text(inner).text for inner in read.objects("content"))


def _mime_type(block: Reader, default: str) -> str:
    block.require("source")
    source = block.object("source")
    given: Any = source.raw("media_type") if source else None
    return given if isinstance(given, str) else default
