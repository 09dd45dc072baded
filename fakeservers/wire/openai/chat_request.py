"""Reading a chat completion request: its messages, and the whole. Renders nothing.

Fields as in the types of the openai SDK 3.54 (`completion_create_params`).
"""

from collections.abc import Mapping
from typing import Any

from ...canonical import (
    ChatRequest,
    Media,
    Message,
    Opaque,
    Part,
    Refusal,
    Rejected,
    Role,
    Text,
    ThinkingOptions,
    ToolCall,
    ToolResult,
)
from ..reading import Reader
from .chat_checks import KEYS, check_fields
from .chat_options import choices, known_family, max_tokens, output, stop, tool_choice, tools
from .chat_rules import check_rules
from .rules import check_keys
from .wording import empty_array, invalid, place, unknown_value

__all__ = ["parse_chat"]

ROLES: Mapping[str, Role] = {
    "system": "system",
    "assistant": "assistant",
    "user": "user",
    "function": "tool",
    "tool": "tool",
    "developer": "system",
}
OPTIONS = (
    "function_call",
    "functions",
    "n",
    "parallel_tool_calls",
    "response_format",
    "stop",
    "tool_choice",
    "tools",
)
_EFFORTS_WITHOUT_THOUGHT = frozenset({"none", "minimal"})


def parse_chat(body: Reader, provider: str) -> ChatRequest:
    """A body of `POST /chat/completions`. Raises `Rejected` in OpenAI's words. What only OpenAI
    itself refuses is taken from other providers' callers."""
    model = body.text("model") or ""
    if not model and body.strict:
        raise Rejected(invalid("you must provide a model parameter"))
    body.require("messages")
    if not body.array("messages") and body.strict:
        raise Rejected(empty_array("messages"))
    strict = provider == "openai" and body.strict
    if strict:
        check_keys(body, KEYS)
    request = ChatRequest(
        provider=provider,
        endpoint="chat.completions.create",
        model=model,
        messages=_messages(body),
        thinking=_thinking(body, model),
        max_tokens=max_tokens(body),
        stream=body.flag("stream") or False,
        raw=body.value,
        **({} if body.value.keys().isdisjoint(OPTIONS) else _options(body)),
    )
    if strict:
        check_fields(body)
        check_rules(body, request)
    return request


def _options(body: Reader) -> dict[str, Any]:
    """What most requests leave at its default."""
    return {
        "tools": tools(body),
        "tool_choice": tool_choice(body),
        "parallel_tool_calls": body.flag("parallel_tool_calls") is not False,
        "output": output(body),
        "stop": stop(body),
        "choices": choices(body),
    }


def _thinking(body: Reader, model: str) -> ThinkingOptions:
    effort = body.text("reasoning_effort")
    known = known_family(model)
    enabled = known.reasoning and (effort or known.effort) not in _EFFORTS_WITHOUT_THOUGHT
    return ThinkingOptions(enabled=enabled, visible=False)


def _messages(body: Reader) -> tuple[Message, ...]:
    names: dict[str, str] = {}
    return tuple(
        _plain(value) or _message(body.element("messages", index, value), names)
        for index, value in enumerate(body.array("messages") or ())
    )


def _plain(value: Any) -> Message | None:
    """Most messages are a role and a text and nothing else; they need no closer reading."""
    if not isinstance(value, dict) or len(value) != 2:
        return None
    said, text = value.get("role"), value.get("content")
    if not (text and isinstance(text, str) and isinstance(said, str)):
        return None
    role = ROLES.get(said)
    return None if role is None or role == "tool" else Message(role, (Text(text),))


def _message(item: Reader, names: dict[str, str]) -> Message:
    item.require("role")
    said = item.text("role") or ""
    role = ROLES.get(said)
    if role is None and item.strict:
        raise Rejected(unknown_value(said, tuple(ROLES), place((*item.path, "role"))))
    role = role or "user"
    if role == "tool":
        call_id = item.text("tool_call_id") or item.text("name") or ""
        name = names.get(call_id) or item.text("name") or ""
        text = "\n".join(part.text for part in _content(item) if isinstance(part, Text))
        return Message(role, (ToolResult(call_id, name, text),))
    parts = _content(item)
    if role == "assistant":
        if refused := item.text("refusal"):
            parts += (Refusal(refused),)
        calls = _calls(item)
        names.update((call.id, call.name) for call in calls)
        parts += calls
    return Message(role, parts)


def _content(item: Reader) -> tuple[Part, ...]:
    content = item.raw("content")
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),) if content else ()
    if not isinstance(content, list) and item.strict:
        raise item.reject("content", "string", "array")
    return tuple(_content_part(part) for part in item.objects("content"))


def _content_part(part: Reader) -> Part:
    part.require("type")
    kind = part.text("type")
    match kind:
        case "text":
            part.require("text")
            return Text(part.text("text") or "")
        case "refusal":
            return Refusal(part.text("refusal") or "")
        case "image_url":
            return Media("image", "image/*", part.value)
        case "input_audio":
            return Media("audio", "audio/*", part.value)
        case "file":
            return Media("file", "application/octet-stream", part.value)
        case _:
            return Opaque(part.value)


def _calls(item: Reader) -> tuple[ToolCall, ...]:
    calls = []
    for call in item.objects("tool_calls"):
        function = call.object("function") or call.object("custom")
        if function is None:
            call.require("function")
            continue
        function.require("name")
        arguments = function.text("arguments") or function.text("input") or ""
        calls.append(ToolCall(function.text("name") or "", arguments, call.text("id") or ""))
    if (legacy := item.object("function_call")) is not None:
        name = legacy.text("name") or ""
        calls.append(ToolCall(name, legacy.text("arguments") or "", name))
    return tuple(calls)
