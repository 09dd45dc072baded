"""An LLMRequest as the body of Anthropic's `POST /v1/messages`. Nothing of answers, no I/O."""

from base64 import b64encode
from typing import Any

from ...types import (
    Image,
    LLMRequest,
    Message,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from ..asking import refuse, refuse_fields, unsealed

__all__ = ["MAX_TOKENS", "SAMPLING_VERSION", "body", "headers"]

NAME = "anthropic"
MAX_TOKENS = 4096
"""Anthropic requires max_tokens; this is asked for, beside the thinking, where none is given."""
SAMPLING = ("temperature", "top_p", "top_k")
SAMPLING_VERSION = "2023-06-01"
"""From version 2026-10-21 on, which the SDK sends, sampling parameters are refused; this one
takes them."""
NOT_THERE = ("seed", "frequency_penalty", "presence_penalty", "n")
EFFORTS = ("low", "medium", "high")


def headers(request: LLMRequest) -> dict[str, str]:
    """The headers that the request needs beside the SDK's own."""
    sampled = any(getattr(request, name) is not None for name in SAMPLING)
    return {"anthropic-version": SAMPLING_VERSION} if sampled else {}


def body(request: LLMRequest, model: str, *, max_tokens: int = MAX_TOKENS) -> dict[str, Any]:
    """The body, without `stream`. Raises ProviderFailure "unsupported"."""
    refuse_fields(NAME, request, NOT_THERE)
    built: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens or max_tokens + _budget(request),
        "messages": [_message(message) for message in request.messages],
    }
    if request.system is not None:
        built["system"] = _system(request)
    if request.tools:
        built["tools"] = [_tool(tool) for tool in request.tools]
        built["tool_choice"] = _tool_choice(request)
    if request.stop:
        built["stop_sequences"] = list(request.stop)
    for name in SAMPLING:
        if (value := getattr(request, name)) is not None:
            built[name] = value
    if request.service_tier is not None:
        built["service_tier"] = request.service_tier
    if request.metadata:
        built["metadata"] = _metadata(request)
    return built | _thinking(request) | _output(request)


def _budget(request: LLMRequest) -> int:
    return (request.thinking.budget_tokens or 0) if request.thinking else 0


def _system(request: LLMRequest) -> Any:
    if request.system_cache is None:
        return request.system
    return [{"type": "text", "text": request.system, "cache_control": _cache(request.system_cache)}]


def _cache(ttl: str) -> dict[str, str]:
    return {"type": "ephemeral", "ttl": ttl}


def _message(message: Message) -> dict[str, Any]:
    """Results of tools are blocks of a user's turn here."""
    blocks = [block for part in message.parts if (block := _block(part)) is not None]
    role = "assistant" if message.role == "assistant" else "user"
    if len(blocks) == 1 and set(blocks[0]) == {"type", "text"}:
        return {"role": role, "content": blocks[0]["text"]}
    return {"role": role, "content": blocks}


def _block(part: Part) -> dict[str, Any] | None:
    match part:
        case Text(text=text, cache=cache):
            block = {"type": "text", "text": text}
            return block | {"cache_control": _cache(cache)} if cache else block
        case Image():
            return _image(part)
        case Thinking():
            return _reasoning(part)
        case ToolCall():
            if part.arguments_text:
                raise refuse(NAME, "a tool call whose arguments are not a JSON object")
            call = {"id": part.id, "name": part.name, "input": dict(part.arguments)}
            return {"type": "tool_use", **call}
        case ToolResult():
            return _result(part)


def _image(image: Image) -> dict[str, Any]:
    if image.url is not None:
        return {"type": "image", "source": {"type": "url", "url": image.url}}
    data = b64encode(image.data or b"").decode()
    source = {"type": "base64", "media_type": image.media_type, "data": data}
    return {"type": "image", "source": source}


def _reasoning(thinking: Thinking) -> dict[str, Any] | None:
    """Claude takes back only what it sealed itself."""
    if redacted := unsealed(NAME, thinking.redacted):
        return {"type": "redacted_thinking", "data": redacted}
    if signature := unsealed(NAME, thinking.signature):
        return {"type": "thinking", "thinking": thinking.text, "signature": signature}
    return None


def _result(result: ToolResult) -> dict[str, Any]:
    content = result.content
    block: dict[str, Any] = {
        "type": "tool_result",
        "tool_use_id": result.call_id,
        "content": content if isinstance(content, str) else [_block(part) for part in content],
    }
    return block | {"is_error": True} if result.is_error else block


def _tool(tool: Any) -> dict[str, Any]:
    built: dict[str, Any] = {"name": tool.name, "input_schema": dict(tool.parameters)}
    if tool.description:
        built["description"] = tool.description
    if tool.strict is not None:
        built["strict"] = tool.strict
    return built


def _tool_choice(request: LLMRequest) -> dict[str, Any]:
    kinds = {"auto": "auto", "none": "none", "required": "any"}
    choice: dict[str, Any] = (
        {"type": kinds[request.tool_choice]}
        if request.tool_choice in kinds
        else {"type": "tool", "name": request.tool_choice}
    )
    if request.parallel_tool_calls is not None and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = not request.parallel_tool_calls
    return choice


def _thinking(request: LLMRequest) -> dict[str, Any]:
    asked = request.thinking
    if asked is None:
        return {}
    if asked.budget_tokens == 0:
        return {"thinking": {"type": "disabled"}}
    thinking: dict[str, Any] = (
        {"type": "enabled", "budget_tokens": asked.budget_tokens}
        if asked.budget_tokens
        else {"type": "adaptive"}
    )
    if not asked.include:
        thinking["display"] = "omitted"
    elif not asked.budget_tokens:
        thinking["display"] = "summarized"
    return {"thinking": thinking}


def _output(request: LLMRequest) -> dict[str, Any]:
    """`output_config` holds both the form of the answer and the effort."""
    config: dict[str, Any] = {}
    if request.thinking is not None and request.thinking.effort is not None:
        if request.thinking.effort not in EFFORTS:
            raise refuse(NAME, f"thinking effort {request.thinking.effort!r}")
        config["effort"] = request.thinking.effort
    if request.output is not None:
        if request.output.schema is None:
            raise refuse(NAME, "JSON output without a schema")
        config["format"] = {"type": "json_schema", "schema": dict(request.output.schema)}
    return {"output_config": config} if config else {}


def _metadata(request: LLMRequest) -> dict[str, str]:
    """Anthropic's metadata has one field."""
    if others := sorted(set(request.metadata) - {"user_id"}):
        raise refuse(NAME, f"metadata {', '.join(others)}: it takes user_id")
    return dict(request.metadata)
