"""Contents of a request as canonical messages: roles, parts, function calls and responses.

What the parts mean for the answer is decided elsewhere.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

from ...canonical import (
    Media,
    Message,
    Opaque,
    Part,
    Rejected,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from ..framing import dumps
from ..reading import Reader
from .wording import invalid, place

__all__ = ["messages", "system_message", "texts"]

# `function` is what clients of 2023 and 2024 send with function responses; `tool` the same
# from Vertex clients. No role at all means the user.
_ROLES: Final[dict[str, Role]] = {
    "": "user",
    "user": "user",
    "model": "assistant",
    "function": "user",
    "tool": "user",
}
_OPAQUE: Final = (
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
    "audioTranscription",
)
_RESULT_KEYS: Final = ("output", "result", "error", "return_value", "content")


def messages(body: Reader, *, name: str = "GenerateContentRequest") -> tuple[Message, ...]:
    """The conversation. Raises `Rejected` when there is none, for a role that there is not and
    for empty contents, each in the service's words."""
    if not body.array("contents") and body.strict:
        raise Rejected(invalid(f"* {name}.contents: contents is not specified\n"))
    found: list[Message] = []
    for content in body.objects("contents"):
        role = _ROLES.get(content.text("role") or "")
        if role is None and content.strict:
            raise Rejected(invalid("Please use a valid role: user, model."))
        parts = tuple(_parts(content, name))
        if not parts and content.strict:
            where = f"{name}.{place(content.path)}.parts"
            raise Rejected(invalid(f"* {where}: contents.parts must not be empty.\n"))
        found.extend(_messages(role or "user", parts))
    return tuple(found)


def system_message(body: Reader) -> tuple[Message, ...]:
    """The system instruction as a message, whatever role it names; none when it is empty."""
    instruction = body.object("systemInstruction")
    parts = tuple(_parts(instruction, "GenerateContentRequest")) if instruction else ()
    return (Message("system", parts),) if parts else ()


def texts(content: Reader, *, name: str) -> str:
    """The text of a content to embed, its parts joined by newlines."""
    return "\n".join(part.text for part in _parts(content, name) if isinstance(part, Text))


def _messages(role: Role, parts: tuple[Part, ...]) -> Iterator[Message]:
    """Function responses stand in a message of their own, before the rest of the turn."""
    results = tuple(part for part in parts if isinstance(part, ToolResult))
    if results:
        yield Message("tool", results)
        parts = tuple(part for part in parts if not isinstance(part, ToolResult))
    if parts:
        yield Message(role, parts)


def _parts(content: Reader, name: str) -> Iterator[Part]:
    for part in content.objects("parts"):
        found = _part(part)
        if found is None and not part.strict:
            continue
        if found is None:
            problem = "required oneof field 'data' must have one initialized field"
            raise Rejected(invalid(f"* {name}.{place(part.path)}.data: {problem}\n"))
        yield found


def _part(part: Reader) -> Part | None:
    """The part by the one data field that is set; None when none is."""
    thought = part.flag("thought")
    if (text := part.text("text")) is not None:
        return Thinking(text, part.text("thoughtSignature") or "") if thought else Text(text)
    if (call := part.object("functionCall")) is not None:
        arguments = call.object("args")
        return ToolCall(
            name=call.text("name") or "",
            arguments=arguments.value if arguments else {},
            id=call.text("id") or "",
            signature=part.text("thoughtSignature") or "",
        )
    if (response := part.object("functionResponse")) is not None:
        return _result(response)
    if (blob := part.object("inlineData")) is not None:
        blob.text("data")
        return _media(blob, part.value)
    if (file := part.object("fileData")) is not None:
        file.text("fileUri")
        return _media(file, part.value)
    if any(part.has(key) for key in _OPAQUE):
        return Opaque(dict(part.value))
    return None


def _result(response: Reader) -> ToolResult:
    value = response.object("response")
    content = value.value if value else {}
    return ToolResult(
        call_id=response.text("id") or "",
        name=response.text("name") or "",
        text=_result_text(content),
        is_error="error" in content,
        media=tuple(_returned(response)),
    )


def _returned(response: Reader) -> Iterator[Media]:
    """What a function returned besides its JSON ("Multimodal function responses"); files that it
    names are not looked at (recorded)."""
    for part in response.objects("parts"):
        if (blob := part.object("inlineData")) is not None:
            yield _media(blob, part.value)


def _result_text(response: Any) -> str:
    """The documented keys `output` and `error`, and those that clients use, hold the result;
    else the whole object is it."""
    if len(response) == 1 and (key := next(iter(response))) in _RESULT_KEYS:
        value = response[key]
        return value if isinstance(value, str) else dumps(value)
    return dumps(response)


def _media(data: Reader, raw: Any) -> Media:
    mime_type = data.text("mimeType") or ""
    return Media(kind=_kind(mime_type), mime_type=mime_type, raw=raw)


def _kind(mime_type: str) -> Literal["image", "document", "audio", "video", "file"]:
    match mime_type.partition("/")[0]:
        case "image":
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
        case "application" | "text":
            return "document"
        case _:
            return "file"
