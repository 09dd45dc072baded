"""A chat completion request as the router's own. Nothing of answers.

Fields by name as in openai 3.54, `types/chat/completion_create_params.py`. Each is one of four:
carried in LLMRequest; a hint (HINTS), which changes no answer and goes only to targets of this
wire; passed on (PASSED), for which only targets of this wire are asked; or refused.
"""

from collections.abc import Mapping
from typing import Any

from ...clients.asking import parsed_arguments
from ...types import (
    Image,
    LLMRequest,
    Message,
    OutputSchema,
    Part,
    Text,
    Thinking,
    ThinkingOptions,
    Tool,
    ToolCall,
    ToolResult,
)
from ..fields import Fields, Notes, image_of_url, late_system
from ..values import Asked, BadRequest, Incoming

__all__ = ["EFFORTS", "HINTS", "PASSED", "read", "signature_of", "tier"]

HINTS = (
    "metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "store", "user",
)  # fmt: skip
PASSED = ("logit_bias", "prediction", "verbosity")
EFFORTS = ("minimal", "low", "medium", "high")
_STANDARD_TIERS = ("auto", "default")


def read(incoming: Incoming) -> Asked:
    """Raises BadRequest."""
    notes = Notes(lenient=incoming.lenient)
    body = Fields(incoming.body, notes=notes)
    hints, passed = body.take_all(HINTS), body.take_all(PASSED)
    model = body.need("model", str)
    system, messages = _messages(body)
    request = LLMRequest(
        messages=messages,
        system=system,
        **_tools(body),
        **_sampling(body),
        output=_output(body, hints),
        thinking=_thinking(body, passed),
        service_tier=tier(body, hints),
    )
    options = body.inner("stream_options")
    include_usage = bool(options and options.take("include_usage", bool))
    if options is not None:
        options.take("include_obfuscation", bool)  # this stream pads nothing
        options.done()
    streamed = bool(body.take("stream", bool))
    body.done()
    return Asked(
        model=model,
        request=request,
        streamed=streamed,
        include_usage=include_usage,
        hints=hints,
        passed=passed,
        same_wire=bool(passed) or request.service_tier is not None,
        left_out=tuple(notes.left_out),
    )


def _sampling(body: Fields) -> dict[str, Any]:
    if (count := body.whole("n", least=1)) is not None and count > 1:
        body.refuse("n", f"is {count}; the router gives one answer a call")
    if body.take("logprobs", bool):
        body.refuse("logprobs")
    if body.take("modalities", list) not in (None, ["text"]):
        body.refuse("modalities", "may hold text only")
    stop = body.take("stop", str, list)
    newer, older = (body.whole(n, least=1) for n in ("max_completion_tokens", "max_tokens"))
    return {
        "max_tokens": newer if newer is not None else older,
        "temperature": body.number("temperature", 0, 2),
        "top_p": body.number("top_p", 0, 1),
        "seed": body.take("seed", int),
        "frequency_penalty": body.number("frequency_penalty", -2, 2),
        "presence_penalty": body.number("presence_penalty", -2, 2),
        "stop": (stop,) if isinstance(stop, str) else tuple(stop or ()),
    }


def _thinking(body: Fields, passed: dict[str, Any]) -> ThinkingOptions | None:
    """Efforts that other vendors do not know ("none", "xhigh") are passed on as they are."""
    effort = body.take("reasoning_effort", str)
    if effort in EFFORTS:
        return ThinkingOptions(effort=effort)
    if effort is not None:
        passed["reasoning_effort"] = effort
    return None


def tier(body: Fields, hints: dict[str, Any]) -> str | None:
    tier: str | None = body.take("service_tier", str)
    if tier in _STANDARD_TIERS:
        hints["service_tier"] = tier
        return None
    return tier


def _output(body: Fields, hints: dict[str, Any]) -> OutputSchema | None:
    form = body.inner("response_format")
    if form is None:
        return None
    kind = form.need("type", str)
    if kind == "text":
        return None
    if kind == "json_object":
        return OutputSchema(schema=None)
    if kind != "json_schema":
        raise BadRequest(
            f"response_format.type is {kind!r}; it is text, json_object or json_schema",
            param="response_format.type",
        )
    schema = form.inner("json_schema")
    if schema is None:
        raise BadRequest("response_format.json_schema is missing", param="response_format")
    if schema.take("description", str):  # which only this wire has a place for
        hints["response_format"] = body.take("response_format")
    made = OutputSchema(
        name=schema.need("name", str),
        schema=schema.take("schema", dict) or {"type": "object"},
        strict=bool(schema.take("strict", bool)),
    )
    schema.done()
    return made


def _tools(body: Fields) -> dict[str, Any]:
    tools = tuple(_tool(tool) for tool in body.each("tools"))
    choice = body.take("tool_choice", str, dict)
    if isinstance(choice, dict):
        chosen = body.child(choice, "tool_choice")
        if chosen.need("type", str) != "function":
            raise BadRequest("tool_choice.type must be function", param="tool_choice.type")
        function = chosen.child(chosen.need("function", dict), "function")
        choice = function.need("name", str)
        if choice not in {tool.name for tool in tools}:
            raise BadRequest(f"tool_choice names {choice!r}, no tool of tools", param="tool_choice")
    elif choice not in (None, "auto", "none", "required"):
        raise BadRequest("tool_choice is auto, none, required or an object", param="tool_choice")
    return {
        "tools": tools,
        "tool_choice": choice or "auto",
        "parallel_tool_calls": body.take("parallel_tool_calls", bool),
    }


def _tool(tool: Fields) -> Tool:
    if tool.need("type", str) != "function":
        raise BadRequest(f"{tool.path('type')} must be function", param=tool.path("type"))
    function = tool.child(tool.need("function", dict), "function")
    made = Tool(
        name=function.need("name", str),
        description=function.take("description", str) or "",
        parameters=function.take("parameters", dict) or {"type": "object", "properties": {}},
        strict=function.take("strict", bool),
    )
    function.done()
    tool.done()
    return made


# Messages


def _messages(body: Fields) -> tuple[str | None, tuple[Message, ...]]:
    """The system prompt (the leading system and developer messages, a blank line between them),
    and the turns; results of tools that follow one another are one turn."""
    system: list[str] = []
    turns: list[Message] = []
    if not body.need("messages", list):
        raise BadRequest("messages is empty", param="messages")
    for message in body.each("messages"):
        role = message.need("role", str)
        if role in ("system", "developer"):
            if turns:
                raise late_system(message)
            system.append(_text(message))
        elif role == "user":
            turns.append(Message(role="user", parts=tuple(_user_parts(message))))
        elif role == "assistant":
            turns.append(Message(role="assistant", parts=tuple(_assistant_parts(message))))
        elif role == "tool":
            result = _result(message)
            if turns and turns[-1].role == "tool":
                turns[-1] = Message(role="tool", parts=(*turns[-1].parts, result))
            else:
                turns.append(Message(role="tool", parts=(result,)))
        else:
            raise BadRequest(
                f"{message.path('role')} is {role!r}; it is system, developer, user, assistant or"
                " tool",
                param=message.path("role"),
            )
        message.done("content", "role")
    if not turns:
        raise BadRequest("messages holds no turn beside the system prompt", param="messages")
    return "\n\n".join(system) if system else None, tuple(turns)


def _text(message: Fields) -> str:
    """Content that can only be text."""
    content = message.take("content", str, list)
    if isinstance(content, str):
        return content
    return "".join(part.text for part in _content(message) if isinstance(part, Text))


def _content(message: Fields) -> list[Part]:
    return [part for piece in message.each("content") for part in _part(piece)]


def _part(piece: Fields) -> list[Part]:
    kind = piece.need("type", str)
    made: list[Part] = []
    if kind in ("text", "refusal"):
        made = [Text(piece.need(kind, str))]
    elif kind == "image_url":
        made = [_image(piece)]
    else:
        piece.refuse("type", f"is {kind!r}; the router carries text and image_url")
        return []
    piece.done()
    return made


def _image(piece: Fields) -> Image:
    source = piece.child(piece.need("image_url", dict), "image_url")
    if source.take("detail", str) not in (None, "auto"):
        source.refuse("detail")
    made = image_of_url(source.need("url", str), source.path("url"))
    source.done()
    return made


def _user_parts(message: Fields) -> list[Part]:
    content = message.need("content", str, list)
    parts = [Text(content)] if isinstance(content, str) else _content(message)
    if not parts:
        raise BadRequest(f"{message.path('content')} is empty", param=message.path("content"))
    return list(parts)


def _assistant_parts(message: Fields) -> list[Part]:
    parts: list[Part] = []
    thought = message.take("reasoning_content", str, also="reasoning")
    if thought:
        parts.append(Thinking(text=thought))
    content = message.take("content", str, list)
    said = [Text(content)] if isinstance(content, str) and content else []
    parts += said if not isinstance(content, list) else _content(message)
    if refusal := message.take("refusal", str):
        parts.append(Text(refusal))
    parts += [_call(call) for call in message.each("tool_calls")]
    if not parts:
        raise BadRequest(
            f"{message.path('content')} is empty and there are no tool_calls",
            param=message.path("content"),
        )
    return parts


def _call(call: Fields) -> ToolCall:
    call.take("index", int)
    if call.take("type", str) not in (None, "function"):
        raise BadRequest(f"{call.path('type')} must be function", param=call.path("type"))
    function = call.child(call.need("function", dict), "function")
    arguments, invalid = parsed_arguments(function.need("arguments", str))
    made = ToolCall(
        id=call.need("id", str),
        name=function.need("name", str),
        arguments=arguments,
        arguments_text=invalid,
        signature=signature_of(call.take("extra_content", dict)),
    )
    function.done()
    call.done()
    return made


def signature_of(extra: Mapping[str, Any] | None) -> str:
    """The seal that `write.sealed` put there."""
    own = (extra or {}).get("llmsim")
    signature = own.get("signature") if isinstance(own, dict) else None
    return signature if isinstance(signature, str) else ""


def _result(message: Fields) -> ToolResult:
    return ToolResult(
        call_id=message.need("tool_call_id", str),
        content=_text(message),
        name=message.take("name", str) or "",
    )
