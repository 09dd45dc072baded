"""Reading a request's input: the items of a conversation as messages.

Items that only OpenAI's own tools know stay as they are, in `Opaque` parts. What a later read
returns of them is in `stored.py`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ....canonical import (
    ApiError,
    Media,
    Message,
    Opaque,
    Part,
    Reference,
    Refusal,
    Rejected,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from ...reading import Reader
from ..wording import WORDING, invalid, place, unknown_value

__all__ = ["conversation"]

ROLES: Mapping[str, Role] = {
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
    "user": "user",
}

# In the order in which OpenAI's own error lists them (issue logs, July 2026).
ITEM_TYPES = (
    "additional_tools",
    "apply_patch_call",
    "apply_patch_call_output",
    "code_interpreter_call",
    "compaction",
    "compaction_trigger",
    "computer_call",
    "computer_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "file_search_call",
    "function_call",
    "function_call_output",
    "image_generation_call",
    "item_reference",
    "local_shell_call",
    "local_shell_call_output",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "mcp_list_tools",
    "message",
    "reasoning",
    "shell_call",
    "shell_call_output",
    "tool_search_call",
    "tool_search_output",
    "web_search_call",
)
# Types that openai 3.54 sends beyond those.
UNLISTED_TYPES = frozenset({"configuration_update", "program", "program_output"})

CONTENT_TYPES = (
    "input_text",
    "input_image",
    "input_audio",
    "output_text",
    "refusal",
    "input_file",
    "computer_screenshot",
    "summary_text",
    "encrypted_content",
)
ASSISTANT_TYPES = ("output_text", "refusal")
TEXT_TYPES = frozenset({"input_text", "output_text", "summary_text"})


def conversation(body: Reader) -> tuple[Message, ...]:
    """The messages of the `input` of a body. Raises `Rejected`."""
    value = body.raw("input")
    if value is None:
        return ()
    if isinstance(value, str):
        return (Message("user", (Text(value),)),)
    if not isinstance(value, list):
        if not body.strict:
            body.drop("input")
            return ()
        raise Rejected(_wrong_input(value))
    reading = _Conversation()
    for item in body.objects("input"):
        reading.item(item)
    return tuple(Message(role, tuple(parts)) for role, parts in reading.messages)


def _wrong_input(value: Any) -> ApiError:
    told = WORDING.wrong_type(("input",), ("array", "string"), value)
    message = (told.message or "").replace("an array or", "an array of objects or")
    return invalid(message, param="input", code=told.code)


class _Conversation:
    """Messages in the making: what a model or a tool says in one turn becomes one message."""

    def __init__(self) -> None:
        self.messages: list[tuple[Role, list[Part]]] = []
        self._names: dict[str, str] = {}

    def item(self, item: Reader) -> None:
        kind = item.text("type") or "message"
        read = _READ.get(kind)
        if read is not None:
            read(self, item)
        elif kind in ITEM_TYPES or kind in UNLISTED_TYPES or not item.strict:
            self._opaque(kind, item)
        else:
            raise Rejected(unknown_value(kind, ITEM_TYPES, place(item.path)))

    def message(self, item: Reader) -> None:
        item.require("role")
        role = item.text("role") or ""
        if role not in ROLES and item.strict:
            raise Rejected(unknown_value(role, tuple(ROLES), place(item.path)))
        self._add(ROLES.get(role, "user"), *_content(item, role))

    def function_call(self, item: Reader) -> None:
        self._call(item, "arguments", _arguments)

    def custom_tool_call(self, item: Reader) -> None:
        self._call(item, "input", str)

    def output(self, item: Reader) -> None:
        item.require("call_id", "output")
        call_id = item.text("call_id") or ""
        name = self._names.get(call_id, "")
        text, media = _returned(item)
        self._add("tool", ToolResult(call_id, name, text, media=media))

    def reasoning(self, item: Reader) -> None:
        texts = [part.text("text") or "" for part in item.objects("summary")]
        texts += [part.text("text") or "" for part in item.objects("content")]
        signature = item.text("encrypted_content") or ""
        self._add("assistant", Thinking("\n\n".join(texts), signature))

    def reference(self, item: Reader) -> None:
        item.require("id")
        self._add("assistant", Reference(item.text("id") or ""))

    def _call(self, item: Reader, key: str, read: Callable[[str], Mapping[str, Any] | str]) -> None:
        item.require("call_id", "name", key)
        call_id, name, text = item.text("call_id"), item.text("name"), item.text(key)
        self._names[call_id or ""] = name or ""
        self._add("assistant", ToolCall(name or "", read(text or ""), call_id or ""))

    def _opaque(self, kind: str, item: Reader) -> None:
        if kind.endswith("_output"):
            self._add("tool", Opaque(item.value))
        elif kind in ("additional_tools", "configuration_update"):
            self._add("system", Opaque(item.value))
        elif kind in ("mcp_approval_response", "compaction_trigger"):
            self._add("user", Opaque(item.value))
        else:
            self._add("assistant", Opaque(item.value))

    def _add(self, role: Role, *parts: Part) -> None:
        if role in ("assistant", "tool") and self.messages and self.messages[-1][0] == role:
            self.messages[-1][1].extend(parts)
        else:
            self.messages.append((role, list(parts)))


_READ: Mapping[str, Callable[[_Conversation, Reader], None]] = {
    "message": _Conversation.message,
    "function_call": _Conversation.function_call,
    "custom_tool_call": _Conversation.custom_tool_call,
    "function_call_output": _Conversation.output,
    "custom_tool_call_output": _Conversation.output,
    "reasoning": _Conversation.reasoning,
    "item_reference": _Conversation.reference,
}


def _content(item: Reader, role: str) -> list[Part]:
    value = item.raw("content")
    if isinstance(value, str):
        return [Text(value)]
    if value is not None and not isinstance(value, list) and item.strict:
        raise item.reject("content", "array", "string")
    parts = []
    for part in item.objects("content"):
        part.require("type")
        kind = part.text("type") or ""
        if role == "assistant" and kind not in ASSISTANT_TYPES and part.strict:
            raise Rejected(unknown_value(kind, ASSISTANT_TYPES, place(part.path)))
        parts.append(_part(part, kind))
    return parts


def _part(part: Reader, kind: str) -> Part:
    if kind in TEXT_TYPES:
        part.require("text")
        return Text(part.text("text") or "")
    match kind:
        case "refusal":
            part.require("refusal")
            return Refusal(part.text("refusal") or "")
        case "input_image" | "computer_screenshot":
            return Media("image", _mime_type(part.text("image_url"), "image/*"), part.value)
        case "input_file":
            data = part.text("file_data")
            return Media("document", _mime_type(data, "application/pdf"), part.value)
        case "input_audio":
            return Media("audio", "audio/*", part.value)
        case "encrypted_content":
            return Opaque(part.value)
    if not part.strict:
        return Opaque(part.value)
    raise Rejected(unknown_value(kind, CONTENT_TYPES, place((*part.path, "type"))))


def _returned(item: Reader) -> tuple[str, tuple[Media, ...]]:
    """What a tool returned: a string, or a list of parts that may be pictures and files."""
    value = item.raw("output")
    if isinstance(value, str):
        return value, ()
    if not isinstance(value, list) and item.strict:
        raise item.reject("output", "array", "string")
    parts = []
    for part in item.objects("output"):
        part.require("type")
        parts.append(_part(part, part.text("type") or ""))
    text = "\n".join(part.text for part in parts if isinstance(part, Text))
    return text, tuple(part for part in parts if isinstance(part, Media))


def _arguments(text: str) -> Mapping[str, Any] | str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict) else text


def _mime_type(url: str | None, default: str) -> str:
    if url is None or not url.startswith("data:"):
        return default
    return url[len("data:") :].partition(",")[0].partition(";")[0] or default
