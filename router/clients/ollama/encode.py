"""An LLMRequest as the body of Ollama's `POST /api/chat`. Nothing of answers, no I/O."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from ...types import Image, LLMRequest, Message, Text, Thinking, ToolCall, ToolResult
from ..asking import named_results, refuse, refuse_fields, result_text, unsealed

__all__ = ["body"]

NAME = "ollama"
NOT_THERE = ("n", "metadata", "service_tier", "parallel_tool_calls")
OPTIONS = (
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("top_k", "top_k"),
    ("seed", "seed"),
    ("frequency_penalty", "frequency_penalty"),
    ("presence_penalty", "presence_penalty"),
    ("max_tokens", "num_predict"),
)
EFFORTS = ("low", "medium", "high")


def body(request: LLMRequest, model: str, *, stream: bool) -> dict[str, Any]:
    """The body. Raises ProviderFailure "unsupported"."""
    refuse_fields(NAME, request, NOT_THERE)
    built: dict[str, Any] = {
        "model": model,
        "messages": list(_messages(request)),
        "stream": stream,
    }
    options = {
        name: value for field, name in OPTIONS if (value := getattr(request, field)) is not None
    }
    if request.stop:
        options["stop"] = list(request.stop)
    if options:
        built["options"] = options
    if request.tools and request.tool_choice != "none":
        if request.tool_choice != "auto":
            raise refuse(NAME, f"tool_choice={request.tool_choice!r}")
        built["tools"] = [_tool(tool) for tool in request.tools]
    if request.output is not None:
        schema = request.output.schema
        built["format"] = "json" if schema is None else dict(schema)
    if request.thinking is not None:
        built["think"] = _think(request.thinking)
    return built


def _think(asked: Any) -> bool | str:
    if asked.budget_tokens:
        raise refuse(NAME, "a thinking budget in tokens: use effort")
    if asked.budget_tokens == 0:
        return False
    if asked.effort is None:
        return True
    if asked.effort not in EFFORTS:
        raise refuse(NAME, f"thinking effort {asked.effort!r}")
    return str(asked.effort)


def _messages(request: LLMRequest) -> Iterable[dict[str, Any]]:
    if request.system is not None:
        yield {"role": "system", "content": request.system}
    names = named_results(request.messages)
    for message in request.messages:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        for result in results:
            said: dict[str, Any] = {"role": "tool", "content": result_text(NAME, result)}
            if name := result.name or names.get(result.call_id):
                said["tool_name"] = name
            yield said
        if len(results) < len(message.parts):
            yield _turn(message)


def _turn(message: Message) -> dict[str, Any]:
    built: dict[str, Any] = {
        "role": "assistant" if message.role == "assistant" else "user",
        "content": message.text,
    }
    for part in message.parts:
        match part:
            case Image():
                built.setdefault("images", []).append(_image(part))
            case ToolCall():
                built.setdefault("tool_calls", []).append(_call(part))
            case Thinking() if not part.signature or unsealed(NAME, part.signature):
                built["thinking"] = built.get("thinking", "") + part.text
            case Text() | ToolResult() | Thinking():
                continue
    return built


def _image(image: Image) -> str:
    if image.data is None:
        raise refuse(NAME, "an image by its URL: send its bytes")
    return b64encode(image.data).decode()


def _call(call: ToolCall) -> dict[str, Any]:
    if call.arguments_text:
        raise refuse(NAME, "a tool call whose arguments are not a JSON object")
    return {"function": {"name": call.name, "arguments": dict(call.arguments)}}


def _tool(tool: Any) -> dict[str, Any]:
    if tool.strict:
        raise refuse(NAME, "a strict tool")
    function: dict[str, Any] = {"name": tool.name, "parameters": dict(tool.parameters)}
    if tool.description:
        function["description"] = tool.description
    return {"type": "function", "function": function}
