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
from .chat_checks import KEYS, PLAIN, check_fields
from .chat_options import choices, known_family, max_tokens, output, stop, tool_choice, tools
from .chat_rules import check_rules
from .chat_turns import check_messages, check_system, check_turns
from .moderations import judge
from .rules import check_keys
from .serving_models import chat_fault
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
_SPEAKERS = {said: role for said, role in ROLES.items() if role != "tool"}
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
_THINKS = ThinkingOptions(enabled=True, visible=False)
_THINKS_NOT = ThinkingOptions(enabled=False, visible=False)
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
    messages, plain = _messages(body)
    simple = body.value.keys() <= PLAIN
    if strict:
        if not plain:
            check_messages(body, model)
        if not simple:
            check_fields(body)
    request = ChatRequest(
        provider=provider,
        endpoint="chat.completions.create",
        model=model,
        messages=messages,
        thinking=_thinking(body, model),
        max_tokens=None if simple else max_tokens(body),
        stream=body.flag("stream") or False,
        unserved=chat_fault(model) if strict else None,
        judged_by="" if simple else judge(body),
        raw=body.value,
        **({} if simple or body.value.keys().isdisjoint(OPTIONS) else _options(body, model)),
    )
    if strict:
        _check_whole(body, request, plain=plain, simple=simple)
    return request


def _check_whole(body: Reader, request: ChatRequest, *, plain: bool, simple: bool) -> None:
    """Raise `Rejected` for what is right in each field and wrong as a whole. Messages that are
    `plain`, and fields that are `simple`, break few rules."""
    if not plain:
        check_turns(body.value["messages"])
    check_system(body.value["messages"], request.model)
    if not simple:
        check_rules(body, request)


def _options(body: Reader, model: str) -> dict[str, Any]:
    """What most requests leave at its default."""
    return {
        "tools": tools(body),
        "tool_choice": tool_choice(body),
        "parallel_tool_calls": body.flag("parallel_tool_calls") is not False,
        "output": output(body),
        "stop": stop(body),
        "choices": choices(body, known_family(model).choices_max),
    }


def _thinking(body: Reader, model: str) -> ThinkingOptions:
    effort = body.text("reasoning_effort")
    known = known_family(model)
    enabled = known.reasoning and (effort or known.effort) not in _EFFORTS_WITHOUT_THOUGHT
    return _THINKS if enabled else _THINKS_NOT


def _messages(body: Reader) -> tuple[tuple[Message, ...], bool]:
    """The messages, and whether none of them needed a closer reading."""
    names: dict[str, str] = {}
    messages: list[Message] = []
    plain = True
    for index, value in enumerate(body.array("messages") or ()):
        message = _plain(value)
        if message is None:
            plain = False
            message = _message(body.element("messages", index, value), names)
        messages.append(message)
    return tuple(messages), plain


def _plain(value: Any) -> Message | None:
    """Most messages are a role and a text and nothing else; they need no closer reading."""
    if type(value) is not dict or len(value) != 2:
        return None
    said, text = value.get("role"), value.get("content")
    if type(said) is not str or type(text) is not str or not text:
        return None
    role = _SPEAKERS.get(said)
    return None if role is None else Message(role, (Text(text),))


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
