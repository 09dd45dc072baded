"""An LLMRequest as the body of `POST /responses`. Nothing of answers, no I/O.

The conversation is sent whole each time and nothing is kept at OpenAI (`store: false`), so that
any target can take the next turn; reasoning travels along encrypted.
"""

import json
from collections.abc import Iterable
from typing import Any

from ...types import Image, LLMRequest, Message, Part, Text, Thinking, ToolCall, ToolResult
from ..asking import arguments_text, data_url, refuse, refuse_fields, unsealed

__all__ = ["body"]

NAME = "openai"
NOT_THERE = ("top_k", "n", "stop", "seed", "frequency_penalty", "presence_penalty")


def body(request: LLMRequest, model: str, *, stream: bool) -> dict[str, Any]:
    """The body. Raises ProviderFailure "unsupported"."""
    refuse_fields(NAME, request, NOT_THERE)
    built: dict[str, Any] = {
        "model": model,
        "input": [item for message in request.messages for item in _items(message)],
        "store": False,
    }
    for field, name in (
        ("system", "instructions"),
        ("temperature", "temperature"),
        ("top_p", "top_p"),
        ("max_tokens", "max_output_tokens"),
        ("service_tier", "service_tier"),
    ):
        if (value := getattr(request, field)) is not None:
            built[name] = value
    if request.metadata:
        built["metadata"] = dict(request.metadata)
    if request.tools:
        built["tools"] = [_tool(tool) for tool in request.tools]
        built["tool_choice"] = _tool_choice(request)
        if request.parallel_tool_calls is not None:
            built["parallel_tool_calls"] = request.parallel_tool_calls
    if request.output is not None:
        built["text"] = {"format": _format(request)}
    if stream:
        built["stream"] = True
    return built | _reasoning(request)


def _reasoning(request: LLMRequest) -> dict[str, Any]:
    asked = request.thinking
    if asked is None:
        return {}
    if asked.budget_tokens is not None:
        raise refuse(NAME, "a thinking budget in tokens: use effort")
    reasoning: dict[str, Any] = {}
    if asked.effort is not None:
        reasoning["effort"] = asked.effort
    if asked.include:
        reasoning["summary"] = "auto"
    return {"reasoning": reasoning, "include": ["reasoning.encrypted_content"]}


def _items(message: Message) -> Iterable[dict[str, Any]]:
    """A turn as items, in order: what is said between calls is a message of its own."""
    said: list[Part] = []
    for part in message.parts:
        if isinstance(part, (Text, Image)):
            said.append(part)
            continue
        if said:
            yield _message(message.role, said)
            said = []
        if (item := _item(part)) is not None:
            yield item
    if said:
        yield _message(message.role, said)


def _message(role: str, said: list[Part]) -> dict[str, Any]:
    if role == "assistant":
        content = [_output_text(part) for part in said]
        return {"type": "message", "role": "assistant", "content": content}
    return {"type": "message", "role": "user", "content": [_input(part) for part in said]}


def _output_text(part: Part) -> dict[str, Any]:
    if not isinstance(part, Text):
        raise refuse(NAME, f"{type(part).__name__} in an assistant's turn")
    return {"type": "output_text", "text": part.text}


def _input(part: Part) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "input_text", "text": text}
        case Image():
            return {"type": "input_image", "image_url": data_url(part), "detail": "auto"}
    raise refuse(NAME, f"{type(part).__name__} in a user's turn")


def _item(part: Part) -> dict[str, Any] | None:
    match part:
        case ToolCall():
            return {
                "type": "function_call",
                "call_id": part.id,
                "name": part.name,
                "arguments": arguments_text(part),
            }
        case ToolResult():
            return {
                "type": "function_call_output",
                "call_id": part.call_id,
                "output": _output(part),
            }
        case Thinking():
            return _sealed_reasoning(part)
    raise refuse(NAME, type(part).__name__)


def _output(result: ToolResult) -> Any:
    error = "Error: " if result.is_error else ""
    if isinstance(result.content, str):
        return error + result.content
    prefix = [{"type": "input_text", "text": error}] if error else []
    return prefix + [_input(part) for part in result.content]


def _sealed_reasoning(thinking: Thinking) -> dict[str, Any] | None:
    """The item as OpenAI gave it, which the decoder keeps in the signature."""
    seal = unsealed(NAME, thinking.signature)
    try:
        item = json.loads(seal) if seal else None
    except ValueError:
        return None
    if not isinstance(item, dict):
        return None
    summary = [{"type": "summary_text", "text": thinking.text}] if thinking.text else []
    return {"type": "reasoning", "summary": summary} | item


def _tool(tool: Any) -> dict[str, Any]:
    built = {
        "type": "function",
        "name": tool.name,
        "parameters": dict(tool.parameters),
        "strict": bool(tool.strict),  # the API's own default is true, that of chat false
    }
    return built | ({"description": tool.description} if tool.description else {})


def _tool_choice(request: LLMRequest) -> Any:
    if request.tool_choice in ("auto", "none", "required"):
        return request.tool_choice
    return {"type": "function", "name": request.tool_choice}


def _format(request: LLMRequest) -> dict[str, Any]:
    output = request.output
    if output is None or output.schema is None:
        return {"type": "json_object"}
    return {
        "type": "json_schema",
        "name": output.name,
        "schema": dict(output.schema),
        "strict": output.strict,
    }
