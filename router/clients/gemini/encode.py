"""An LLMRequest as contents and config of google-genai's `generate_content`. No answers, no I/O."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Any

from ...types import Image, LLMRequest, Message, Part, Text, Thinking, ToolCall, ToolResult
from ..asking import named_results, refuse, refuse_fields, texts_of, unsealed

__all__ = ["config", "contents"]

NAME = "gemini"
NOT_THERE = ("n", "metadata", "parallel_tool_calls")
FIELDS = (
    ("system", "system_instruction"),
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("top_k", "top_k"),
    ("seed", "seed"),
    ("frequency_penalty", "frequency_penalty"),
    ("presence_penalty", "presence_penalty"),
    ("max_tokens", "max_output_tokens"),
    ("service_tier", "service_tier"),
)
LOCAL = "local_"
"""Ids that the decoder made, where Gemini gave none, begin so; they are not sent back."""


def config(request: LLMRequest, extra: Mapping[str, Any]) -> dict[str, Any]:
    """GenerateContentConfig as a dict. Raises ProviderFailure "unsupported".

    What the SDK would do by itself, beyond one request, is switched off: calling Python functions,
    and following up on answers that Gemini wants continued.
    """
    refuse_fields(NAME, request, NOT_THERE)
    built: dict[str, Any] = {
        name: value for field, name in FIELDS if (value := getattr(request, field)) is not None
    }
    built["automatic_function_calling"] = {"disable": True}
    built["automatic_continuation"] = False
    if request.stop:
        built["stop_sequences"] = list(request.stop)
    if request.tools:
        declared = [_declaration(tool) for tool in request.tools]
        built["tools"] = [{"function_declarations": declared}]
        built["tool_config"] = {"function_calling_config": _mode(request.tool_choice)}
    if request.output is not None:
        built["response_mime_type"] = "application/json"
        if request.output.schema is not None:
            built["response_json_schema"] = dict(request.output.schema)
    if request.thinking is not None:
        built["thinking_config"] = _thinking(request.thinking)
    if extra:
        built["http_options"] = {"extra_body": dict(extra)}
    return built


def contents(request: LLMRequest) -> list[dict[str, Any]]:
    """The conversation. Raises ProviderFailure "unsupported"."""
    names = named_results(request.messages)
    return [_content(message, names) for message in request.messages]


def _thinking(asked: Any) -> dict[str, Any]:
    built: dict[str, Any] = {"include_thoughts": asked.include}
    if asked.budget_tokens is not None:
        built["thinking_budget"] = asked.budget_tokens
        if not asked.budget_tokens:
            built["include_thoughts"] = False
    elif asked.effort is not None:
        built["thinking_level"] = asked.effort.upper()
    return built


def _declaration(tool: Any) -> dict[str, Any]:
    if tool.strict:
        raise refuse(NAME, "a strict tool")
    built = {"name": tool.name, "parameters_json_schema": dict(tool.parameters)}
    return built | ({"description": tool.description} if tool.description else {})


def _mode(choice: str) -> dict[str, Any]:
    modes = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
    if choice in modes:
        return {"mode": modes[choice]}
    return {"mode": "ANY", "allowed_function_names": [choice]}


def _content(message: Message, names: Mapping[str, str]) -> dict[str, Any]:
    parts = [built for part in message.parts if (built := _part(part, names)) is not None]
    return {"role": "model" if message.role == "assistant" else "user", "parts": parts}


def _part(part: Part, names: Mapping[str, str]) -> dict[str, Any] | None:
    match part:
        case Text(text=text):
            return {"text": text}
        case Image():
            return _image(part)
        case Thinking():
            return _thought(part)
        case ToolCall():
            return _call(part)
        case ToolResult():
            return _result(part, names)


def _image(image: Image) -> dict[str, Any]:
    if image.url is not None:
        return {"file_data": {"file_uri": image.url, "mime_type": image.media_type}}
    return {"inline_data": {"data": image.data, "mime_type": image.media_type}}


def _thought(thinking: Thinking) -> dict[str, Any] | None:
    """Thoughts go back only with Gemini's own seal; a seal without text belongs to an answer."""
    seal = _seal(thinking.signature)
    if not seal:
        return None
    built: dict[str, Any] = {"text": thinking.text} | seal
    return built | {"thought": True} if thinking.text else built


def _seal(signature: str) -> dict[str, Any]:
    try:
        sealed = b64decode(unsealed(NAME, signature), validate=True)
    except (NotBase64, ValueError):
        return {}
    return {"thought_signature": sealed} if sealed else {}


def _call(call: ToolCall) -> dict[str, Any]:
    if call.arguments_text:
        raise refuse(NAME, "a tool call whose arguments are not a JSON object")
    function: dict[str, Any] = {"name": call.name, "args": dict(call.arguments)}
    if call.id and not call.id.startswith(LOCAL):
        function["id"] = call.id
    return {"function_call": function} | _seal(call.signature)


def _result(result: ToolResult, names: Mapping[str, str]) -> dict[str, Any]:
    """Gemini matches results by the function's name, and by the id where it gave one."""
    name = result.name or names.get(result.call_id)
    if not name:
        raise refuse(
            NAME, f"the result of call {result.call_id!r} without its tool's name: set name="
        )
    content = result.content
    text = content if isinstance(content, str) else texts_of(NAME, content, "a tool result")
    function: dict[str, Any] = {
        "name": name,
        "response": {"error" if result.is_error else "output": text},
    }
    if result.call_id and not result.call_id.startswith(LOCAL):
        function["id"] = result.call_id
    return {"function_response": function}
