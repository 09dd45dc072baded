"""The messages and tools of a chat request, read into canonical ones."""

import re
from collections.abc import Mapping

from ...canonical import Media, Message, Part, Role, Text, Thinking, Tool, ToolCall, ToolResult
from ..reading import Reader
from . import settings
from .gojson import invalid, objects

__all__ = ["TYPES", "check_images", "media", "read_messages", "read_tools"]

TYPES: Mapping[str, str] = {
    **settings.TYPES,
    "messages": "[]api.Message",
    "messages[]": "api.Alias",
    "messages.images": "[]api.ImageData",
    "messages.images[]": "api.ImageData",
    "messages.tool_calls": "[]api.ToolCall",
    "messages.tool_calls[]": "api.ToolCall",
    "messages.tool_calls.function": "api.ToolCallFunction",
    "messages.tool_calls.function.arguments": "api.ToolCallFunctionArguments",
    "tools": "api.Tools",
    "tools[]": "api.Tool",
    "tools.function": "api.ToolFunction",
    "tools.function.parameters": "api.ToolFunctionParameters",
}
"""Go types by path, from the server's `types.go` and from its users' error reports."""

_ROLES: Mapping[str, Role] = {"system": "system", "assistant": "assistant", "tool": "tool"}

_MIME_TYPES = {
    "iVBOR": "image/png",
    "/9j/": "image/jpeg",
    "R0lG": "image/gif",
    "UklG": "image/webp",
}


_BASE64 = re.compile(r"(?:[A-Za-z0-9+/\r\n]*)={0,2}")


def check_images(holder: Reader) -> None:
    """Raise `Rejected` for an image that is no base64, in the words of Go's decoder."""
    if "images" not in holder.value:
        return
    for image in holder.texts("images"):
        found = _BASE64.match(image)
        end = found.end() if found else 0
        if end < len(image):
            raise invalid(f"illegal base64 data at input byte {end}")
        length = len(image.replace("\r", "").replace("\n", ""))
        if length % 4:
            raise invalid(f"illegal base64 data at input byte {length // 4 * 4}")


def media(images: tuple[str, ...]) -> list[Part]:
    """Base64 images; the kind shows in the first characters."""
    return [
        Media(
            "image",
            next((kind for start, kind in _MIME_TYPES.items() if image.startswith(start)), ""),
            image,
        )
        for image in images
    ]


def read_messages(body: Reader) -> tuple[Message, ...]:
    """All messages in their order. The server takes any role; templates treat one that they
    do not know like a user's."""
    open_calls: list[ToolCall] = []
    found: list[Message] = []
    for message in objects(body, "messages"):
        role = _ROLES.get((message.text("role") or "").lower(), "user")
        parts = _parts(message)
        calls = [part for part in parts if isinstance(part, ToolCall)]
        if role == "assistant":
            open_calls = calls
        if role == "tool":
            parts = [_tool_result(message, open_calls)]
        found.append(Message(role, tuple(parts)))
    return tuple(found)


def _parts(message: Reader) -> list[Part]:
    parts: list[Part] = []
    if thinking := message.text("thinking"):
        parts.append(Thinking(thinking))
    if content := message.text("content"):
        parts.append(Text(content))
    parts += media(message.texts("images"))
    parts += _tool_calls(message)
    return parts


def _tool_calls(message: Reader) -> list[Part]:
    found: list[Part] = []
    for call in objects(message, "tool_calls"):
        function = call.object("function")
        arguments = function.object("arguments") if function else None
        found.append(
            ToolCall(
                (function.text("name") if function else None) or "",
                arguments.value if arguments else {},
                call.text("id") or "",
            )
        )
    return found


def _tool_result(message: Reader, open_calls: list[ToolCall]) -> ToolResult:
    """What a tool answered. It belongs to the call with its id, else to the first open one
    with its name, else, when it names none, to the first open one."""
    call_id, name = message.text("tool_call_id") or "", message.text("tool_name") or ""
    call = (
        next((call for call in open_calls if call_id and call.id == call_id), None)
        or next((call for call in open_calls if name and call.name == name), None)
        or next((call for call in open_calls if not call_id and not name), None)
    )
    if call is not None:
        open_calls.remove(call)
        call_id, name = call_id or call.id, name or call.name
    return ToolResult(call_id, name, message.text("content") or "")


def read_tools(body: Reader) -> tuple[Tool, ...]:
    """The offered functions; an entry without a name offers nothing."""
    found: list[Tool] = []
    for tool in objects(body, "tools"):
        tool.text("type")
        function = tool.object("function")
        if function is None:
            continue
        name, description = function.text("name"), function.text("description")
        parameters = function.object("parameters")
        if name:
            found.append(
                Tool(
                    name=name,
                    description=description or "",
                    parameters=parameters.value if parameters else {},
                )
            )
    return tuple(found)
