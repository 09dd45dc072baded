"""Reading a chat completion request: messages, tools, formats. Renders nothing.

Fields as in the types of the openai SDK 3.54 (`completion_create_params`).
"""

import re
from collections.abc import Mapping

from ...canonical import (
    ChatRequest,
    Media,
    Message,
    Opaque,
    OutputFormat,
    Part,
    Refusal,
    Rejected,
    Role,
    Text,
    ThinkingOptions,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from ..reading import Reader
from .errors import invalid, place

__all__ = ["parse_chat", "reasons"]

ROLES: Mapping[str, Role] = {
    "system": "system",
    "assistant": "assistant",
    "user": "user",
    "function": "tool",
    "tool": "tool",
    "developer": "system",
}
_REASONING = re.compile(r"(?:ft:)?(?:o\d|gpt-5(?!.*-chat))")
_EFFORTS_WITHOUT_THOUGHT = frozenset({"none", "minimal"})


def reasons(model: str) -> bool:
    """Whether the model thinks before it answers: the o series and gpt-5, not its chat models."""
    return _REASONING.match(model) is not None


def parse_chat(body: Reader, provider: str) -> ChatRequest:
    """A body of `POST /chat/completions`. Raises `Rejected` in OpenAI's words."""
    model = body.text("model")
    if not model:
        raise Rejected(invalid("you must provide a model parameter"))
    body.require("messages")
    if not body.array("messages"):
        raise Rejected(
            invalid(
                "Invalid 'messages': empty array. Expected an array with minimum length 1, "
                "but got an empty array instead.",
                param="messages",
                code="empty_array",
            )
        )
    effort = body.text("reasoning_effort")
    return ChatRequest(
        provider=provider,
        endpoint="chat.completions.create",
        model=model,
        messages=_messages(body),
        tools=_tools(body),
        tool_choice=_tool_choice(body),
        parallel_tool_calls=body.flag("parallel_tool_calls") is not False,
        output=_output(body),
        thinking=ThinkingOptions(
            enabled=reasons(model) and effort not in _EFFORTS_WITHOUT_THOUGHT, visible=False
        ),
        max_tokens=_max_tokens(body),
        stop=_stop(body),
        choices=_choices(body),
        stream=body.flag("stream") or False,
        raw=body.value,
    )


def _messages(body: Reader) -> tuple[Message, ...]:
    names: dict[str, str] = {}
    return tuple(_message(item, names) for item in body.objects("messages"))


def _message(item: Reader, names: dict[str, str]) -> Message:
    item.require("role")
    said = item.text("role") or ""
    role = ROLES.get(said)
    if role is None:
        raise Rejected(
            invalid(
                f"Invalid value: '{said}'. Supported values are: 'system', 'assistant', 'user', "
                f"'function', 'tool', and 'developer'.",
                param=place((*item.path, "role")),
                code="invalid_value",
            )
        )
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
    if not isinstance(content, list):
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


def _tools(body: Reader) -> tuple[Tool, ...]:
    offered = []
    for item in body.objects("tools"):
        item.require("type")
        if (function := item.object("function")) is not None:
            offered.append(_function(function))
        elif item.text("type") == "function":
            item.require("function")
        elif (custom := item.object("custom")) is not None:
            # A custom tool takes free text; the schema stands for that one string.
            offered.append(
                Tool(
                    name=custom.text("name") or "",
                    description=custom.text("description") or "",
                    parameters={"type": "string"},
                )
            )
    offered += [_function(function) for function in body.objects("functions")]
    return tuple(offered)


def _function(function: Reader) -> Tool:
    function.require("name")
    parameters = function.object("parameters")
    return Tool(
        name=function.text("name") or "",
        description=function.text("description") or "",
        parameters=parameters.value if parameters else {},
    )


def _tool_choice(body: Reader) -> ToolChoice:
    key = "tool_choice" if body.has("tool_choice") else "function_call"
    choice = body.raw(key)
    if choice is None or choice == "auto":
        return ToolChoice()
    if choice in ("none", "required"):
        return ToolChoice(mode="none" if choice == "none" else "any")
    if isinstance(choice, str):
        raise Rejected(
            invalid(
                f"Invalid value: '{choice}'. Supported values are: 'none', 'auto', and 'required'.",
                param=key,
                code="invalid_value",
            )
        )
    named = body.object(key)
    if named is None:
        return ToolChoice()
    if (allowed := named.object("allowed_tools")) is not None:
        names = tuple(_name(tool) for tool in allowed.objects("tools"))
        return ToolChoice(mode="any" if allowed.text("mode") == "required" else "auto", names=names)
    return ToolChoice(mode="any", names=(_name(named),))


def _name(choice: Reader) -> str:
    holder = choice.object("function") or choice.object("custom") or choice
    holder.require("name")
    return holder.text("name") or ""


def _output(body: Reader) -> OutputFormat:
    wanted = body.object("response_format")
    if wanted is None:
        return OutputFormat()
    wanted.require("type")
    match wanted.text("type"):
        case "json_object":
            return OutputFormat(kind="json")
        case "json_schema":
            wanted.require("json_schema")
            holder = wanted.object("json_schema")
            schema = holder.object("schema") if holder else None
            return OutputFormat(kind="schema", schema=schema.value if schema else {})
        case "text":
            return OutputFormat()
        case other:
            raise Rejected(
                invalid(
                    f"Invalid value: '{other}'. Supported values are: 'json_object', "
                    f"'json_schema', and 'text'.",
                    param="response_format.type",
                    code="invalid_value",
                )
            )


def _max_tokens(body: Reader) -> int | None:
    newer = body.integer("max_completion_tokens")
    return newer if newer is not None else body.integer("max_tokens")


def _stop(body: Reader) -> tuple[str, ...]:
    stop = body.raw("stop")
    if isinstance(stop, str):
        return (stop,)
    if stop is not None and not isinstance(stop, list):
        raise body.reject("stop", "string", "array")
    return body.texts("stop")


def _choices(body: Reader) -> int:
    choices = body.integer("n")
    if choices is None:
        return 1
    for bound, over, word, sign in (
        (1, choices < 1, "below", ">="),
        (128, choices > 128, "above", "<="),
    ):
        if over:
            side = "minimum" if word == "below" else "maximum"
            raise Rejected(
                invalid(
                    f"Invalid 'n': integer {word} {side} value. Expected a value {sign} {bound}, "
                    f"but got {choices} instead.",
                    param="n",
                    code=f"integer_{word}_{side[:3]}_value",
                )
            )
    return choices
