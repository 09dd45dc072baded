"""An LLMRequest as the body of `POST /chat/completions`. Nothing of answers, no I/O.

Serves OpenAI and the many endpoints that imitate it: what differs among them is a `Dialect`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ...types import Image, LLMRequest, Message, Text, Thinking, ToolCall, ToolResult
from ..asking import arguments_text, data_url, refuse, refuse_fields, result_text

__all__ = ["OPENAI", "Dialect", "body"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one endpoint's chat completions differ from OpenAI's.

    `refuses` are fields of LLMRequest that it cannot express; `include_usage` whether a stream's
    usage may be asked for (older imitations reject it).
    """

    name: str = "openai"
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    include_usage: bool = True
    refuses: tuple[str, ...] = ("top_k", "n")


OPENAI = Dialect()


def body(request: LLMRequest, model: str, dialect: Dialect, *, stream: bool) -> dict[str, Any]:
    """The body. Raises ProviderFailure "unsupported"."""
    refuse_fields(dialect.name, request, dialect.refuses)
    built: dict[str, Any] = {"model": model, "messages": list(_messages(request, dialect.name))}
    built |= _sampling(request, dialect)
    if request.tools:
        built["tools"] = [_tool(tool) for tool in request.tools]
        built["tool_choice"] = _tool_choice(request)
        if request.parallel_tool_calls is not None:
            built["parallel_tool_calls"] = request.parallel_tool_calls
    if request.output is not None:
        built["response_format"] = _response_format(request)
    if stream:
        built["stream"] = True
        if dialect.include_usage:
            built["stream_options"] = {"include_usage": True}
    return built


def _sampling(request: LLMRequest, dialect: Dialect) -> dict[str, Any]:
    named = ("temperature", "top_p", "top_k", "seed", "frequency_penalty", "presence_penalty")
    built = {name: value for name in named if (value := getattr(request, name)) is not None}
    if request.max_tokens is not None:
        built[dialect.max_tokens_field] = request.max_tokens
    if request.stop:
        built["stop"] = list(request.stop)
    if request.service_tier is not None:
        built["service_tier"] = request.service_tier
    if request.metadata:
        if dialect is OPENAI and not request.extra.get(dialect.name, {}).get("store"):
            # "The 'metadata' parameter is only allowed when 'store' is enabled."
            told = "metadata of what is not stored: extra={'openai': {'store': True}} stores it"
            raise refuse(dialect.name, told)
        built["metadata"] = dict(request.metadata)
    if request.thinking is not None:
        if request.thinking.budget_tokens is not None:
            raise refuse(dialect.name, "a thinking budget in tokens: use effort")
        if request.thinking.effort is not None:
            built["reasoning_effort"] = request.thinking.effort
    return built


def _messages(request: LLMRequest, vendor: str) -> Iterable[dict[str, Any]]:
    if request.system is not None:
        yield {"role": "system", "content": request.system}
    for message in request.messages:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        for result in results:
            content = result_text(vendor, result)
            yield {"role": "tool", "tool_call_id": result.call_id, "content": content}
        if len(results) < len(message.parts):
            yield (
                _assistant(message, vendor)
                if message.role == "assistant"
                else {"role": "user", "content": _content(message, vendor)}
            )


def _assistant(message: Message, vendor: str) -> dict[str, Any]:
    """Chat Completions has no place for the reasoning of earlier turns."""
    built: dict[str, Any] = {"role": "assistant", "content": message.text or None}
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    for part in message.parts:
        if not isinstance(part, (Text, Thinking, ToolCall)):
            raise refuse(vendor, f"{type(part).__name__} in an assistant's turn")
    if calls:
        built["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": arguments_text(call)},
            }
            for call in calls
        ]
    return built


def _content(message: Message, vendor: str) -> Any:
    parts = [part for part in message.parts if not isinstance(part, ToolResult)]
    if all(isinstance(part, Text) for part in parts) and len(parts) == 1:
        return message.text
    return [_part(part, vendor) for part in parts]


def _part(part: Any, vendor: str) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Image():
            return {"type": "image_url", "image_url": {"url": data_url(part)}}
    raise refuse(vendor, f"{type(part).__name__} in a user's turn")


def _tool(tool: Any) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name, "parameters": dict(tool.parameters)}
    if tool.description:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _tool_choice(request: LLMRequest) -> Any:
    if request.tool_choice in ("auto", "none", "required"):
        return request.tool_choice
    return {"type": "function", "function": {"name": request.tool_choice}}


def _response_format(request: LLMRequest) -> dict[str, Any]:
    output = request.output
    if output is None or output.schema is None:
        return {"type": "json_object"}
    schema = {"name": output.name, "schema": dict(output.schema), "strict": output.strict}
    return {"type": "json_schema", "json_schema": schema}
