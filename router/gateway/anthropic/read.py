"""A Messages request as the router's own. Nothing of answers.

Fields by name as in anthropic 2.12, `types/message_create_params.py`. Each is one of four: carried
in LLMRequest; a hint (HINTS), which changes no answer and goes only to targets of this wire; passed
on (PASSED), for which only targets of this wire are asked; or refused.
"""

from typing import Any, Literal

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
from ..fields import Fields, Notes, decoded
from ..values import Asked, BadRequest, Incoming

__all__ = ["HINTS", "PASSED", "read"]

HINTS = ("cache_control", "metadata", "service_tier")
PASSED = ("inference_geo", "speed")
_EFFORTS = ("low", "medium", "high")
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def read(incoming: Incoming) -> Asked:
    """Raises BadRequest."""
    notes = Notes(lenient=incoming.lenient)
    body = Fields(incoming.body, notes=notes)
    hints, passed = body.take_all(HINTS), body.take_all(PASSED)
    model = body.need("model", str)
    system, system_cache = _system(body)
    thinking = _thinking(body, hints)
    output, thinking = _output(body, thinking, passed)
    request = LLMRequest(
        messages=_messages(body),
        system=system,
        system_cache=system_cache,
        max_tokens=body.need("max_tokens", int),
        temperature=body.number("temperature", 0, 1),
        top_p=body.number("top_p", 0, 1),
        top_k=body.whole("top_k"),
        stop=tuple(body.take("stop_sequences", list) or ()),
        output=output,
        thinking=thinking,
        **_tools(body),
    )
    streamed = bool(body.take("stream", bool))
    body.done()
    if incoming.headers.get("anthropic-beta"):
        notes.left_out.append("anthropic-beta")
    return Asked(
        model=model,
        request=request,
        streamed=streamed,
        hints=hints,
        passed=passed,
        same_wire=bool(passed),
        left_out=tuple(notes.left_out),
    )


def _cache(block: Fields) -> Literal["5m", "1h"] | None:
    mark = block.inner("cache_control")
    if mark is None:
        return None
    mark.take("type", str)
    found: Literal["5m", "1h"] = "1h" if mark.take("ttl", str) == "1h" else "5m"
    mark.done()
    return found


def _uncached(block: Fields) -> None:
    """A mark where the router has no place for it; without it the answer is the same."""
    if block.take("cache_control", dict):
        block.leave_out("cache_control")


def _system(body: Fields) -> tuple[str | None, Literal["5m", "1h"] | None]:
    """Several blocks become one text, a blank line between them; the last mark counts."""
    system = body.take("system", str, list)
    if not isinstance(system, list):
        return system, None
    texts: list[str] = []
    cache: Literal["5m", "1h"] | None = None
    for block in body.each("system"):
        if block.need("type", str) != "text":
            raise BadRequest(f"{block.path('type')} must be text", param=block.path("type"))
        texts.append(block.need("text", str))
        cache = _cache(block) or cache
        block.done()
    return "\n\n".join(texts) or None, cache


def _thinking(body: Fields, hints: dict[str, Any]) -> ThinkingOptions | None:
    """That it is off is every request's default here, and other wires have no word for it."""
    asked = body.inner("thinking")
    if asked is None:
        return None
    kind = asked.need("type", str)
    budget = asked.whole("budget_tokens", least=1)
    include = asked.take("display", str) != "omitted"
    asked.done()
    if kind == "disabled":
        hints["thinking"] = {"type": "disabled"}
        return None
    if kind not in ("adaptive", "enabled"):
        asked.refuse("type", f"is {kind!r}; the router carries adaptive, enabled and disabled")
    return ThinkingOptions(budget_tokens=budget, include=include)


def _output(
    body: Fields, thinking: ThinkingOptions | None, passed: dict[str, Any]
) -> tuple[OutputSchema | None, ThinkingOptions | None]:
    """The form of the answer; and the effort, which is carried where there is thinking and passed
    on as it is elsewhere."""
    config = body.inner("output_config")
    if config is None:
        return None, thinking
    output = None
    if (form := config.inner("format")) is not None:
        if form.need("type", str) != "json_schema":
            raise BadRequest(f"{form.path('type')} must be json_schema", param=form.path("type"))
        output = OutputSchema(schema=form.need("schema", dict))
        form.done()
    effort = config.take("effort", str)
    config.done()
    if effort in _EFFORTS and thinking is not None and thinking.budget_tokens is None:
        thinking = ThinkingOptions(effort=effort, include=thinking.include)
    elif effort is not None:
        passed["output_config"] = body.take("output_config")
    return output, thinking


def _tools(body: Fields) -> dict[str, Any]:
    tools = tuple(_tool(tool) for tool in body.each("tools"))
    choice = body.inner("tool_choice")
    if choice is None:
        return {"tools": tools}
    kind = choice.need("type", str)
    single = choice.take("disable_parallel_tool_use", bool)
    name = choice.need("name", str) if kind == "tool" else _CHOICES.get(kind)
    if name is None or (kind == "tool" and name not in {tool.name for tool in tools}):
        raise BadRequest(
            "tool_choice is auto, any, none or a tool of tools", param=choice.path("type")
        )
    choice.done()
    parallel = None if single is None else not single
    return {"tools": tools, "tool_choice": name, "parallel_tool_calls": parallel}


def _tool(tool: Fields) -> Tool:
    if (kind := tool.take("type", str)) not in (None, "custom"):
        tool.refuse("type", f"is {kind!r}: tools that a vendor runs itself cannot be carried")
    _uncached(tool)
    if tool.take("eager_input_streaming", bool):  # in what pieces the arguments come
        tool.leave_out("eager_input_streaming")
    made = Tool(
        name=tool.need("name", str),
        description=tool.take("description", str) or "",
        parameters=tool.need("input_schema", dict),
        strict=tool.take("strict", bool),
    )
    tool.done()
    return made


# Messages


def _messages(body: Fields) -> tuple[Message, ...]:
    if not body.need("messages", list):
        raise BadRequest("messages: at least one message is required", param="messages")
    return tuple(_message(message) for message in body.each("messages"))


def _message(message: Fields) -> Message:
    role = message.need("role", str)
    if role not in ("user", "assistant"):
        raise BadRequest(
            f"{message.path('role')} is {role!r}; it is user or assistant",
            param=message.path("role"),
        )
    content = message.need("content", str, list)
    parts: tuple[Part, ...]
    if isinstance(content, str):
        parts = (Text(content),)
    else:
        parts = tuple(part for block in message.each("content") for part in _block(block))
    if not parts:
        raise BadRequest(f"{message.path('content')} is empty", param=message.path("content"))
    message.done()
    if role == "user" and all(isinstance(part, ToolResult) for part in parts):
        return Message(role="tool", parts=parts)
    return Message(role="assistant" if role == "assistant" else "user", parts=parts)


def _block(block: Fields) -> list[Part]:
    """The part that a block is; none for one that is left out."""
    made: Part
    match kind := block.need("type", str):
        case "text":
            made = Text(block.need("text", str), _cache(block))
        case "image":
            _uncached(block)
            made = _image(block)
        case "tool_use":
            _uncached(block)
            block.take("caller", dict)  # who asked for it: always the model itself here
            made = ToolCall(
                id=block.need("id", str),
                name=block.need("name", str),
                arguments=block.take("input", dict) or {},
                signature=block.take("signature", str) or "",
            )
        case "tool_result":
            _uncached(block)
            made = _result(block)
        case "thinking":
            made = Thinking(
                text=block.take("thinking", str) or "", signature=block.take("signature", str) or ""
            )
        case "redacted_thinking":
            made = Thinking(redacted=block.need("data", str))
        case _:
            block.refuse(
                "type",
                f"is {kind!r}; the router carries text, image, tool_use, tool_result and thinking",
            )
            return []
    block.done()
    return [made]


def _image(block: Fields) -> Image:
    source = block.child(block.need("source", dict), "source")
    kind = source.need("type", str)
    if kind == "url":
        made = Image(url=source.need("url", str))
    elif kind == "base64":
        data = decoded(source.need("data", str), source.path("data"))
        made = Image(data=data, media_type=source.need("media_type", str))
    else:
        raise BadRequest(f"{source.path('type')} is base64 or url", param=source.path("type"))
    source.done()
    return made


def _result(block: Fields) -> ToolResult:
    content = block.take("content", str, list)
    pieces: str | tuple[Text | Image, ...] = content if isinstance(content, str) else ""
    if isinstance(content, list):
        inner = [part for piece in block.each("content") for part in _block(piece)]
        pieces = tuple(part for part in inner if isinstance(part, (Text, Image)))
        if len(pieces) < len(inner):
            raise BadRequest(
                f"{block.path('content')} holds text and images only", param=block.path("content")
            )
        if all(isinstance(piece, Text) for piece in pieces):
            pieces = "".join(piece.text for piece in pieces if isinstance(piece, Text))
    return ToolResult(
        call_id=block.need("tool_use_id", str),
        content=pieces,
        is_error=bool(block.take("is_error", bool)),
    )
