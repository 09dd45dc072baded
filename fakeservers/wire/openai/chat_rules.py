"""What does not go together in a chat completion request to OpenAI: turns out of order, fields
that need others, what the model cannot do. Providers with a compatible API take it.

Words as in the public issue logs of OpenAI's SDKs, where no recording is named.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...canonical import ApiError, ChatRequest, Rejected
from ..reading import Reader
from .chat_options import known_family
from .rules import unsupported_parameter, unsupported_value
from .wording import WORDING, invalid, unknown_value

__all__ = ["check_rules"]

CONTENT_KINDS = ("text", "image_url", "input_audio", "refusal", "audio", "file")
UNSUPPORTED: Mapping[str, Any] = {
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "stop": None,
}
"""What a model that is thinking takes at its default only."""

_WITHOUT_SYSTEM = re.compile(r"o1-(?:mini|preview)")


def check_rules(body: Reader, request: ChatRequest) -> None:
    """Raise `Rejected` for the first rule that a body breaks whose fields are right."""
    messages = body.value["messages"]
    _check_tools(body, request)
    _check_turns(messages)
    _check_json(request)
    _check_content(messages, request.model)
    if known_family(request.model).reasoning:
        _check_reasoning(body, request)


def _check_tools(body: Reader, request: ChatRequest) -> None:
    for key in ("tool_choice", "parallel_tool_calls"):
        if body.has(key) and not request.tools:
            told = f"'{key}' is only allowed when 'tools' are specified."
            raise Rejected(invalid(f"Invalid value for '{key}': {told}", param=key))


def _check_turns(messages: Sequence[Mapping[str, Any]]) -> None:
    """Every call of a tool is answered by the messages right after it, and nothing else is."""
    asked: set[str] = set()
    open_: dict[str, None] = {}
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            id = message.get("tool_call_id")
            if id is None:
                raise Rejected(WORDING.missing(("messages", index, "tool_call_id")))
            if id not in asked:
                raise Rejected(_unasked(id, index, asked))
            open_.pop(id, None)
            continue
        if open_:
            raise Rejected(_unanswered(open_, f"messages.[{index}].role"))
        calls = message.get("tool_calls") if message["role"] == "assistant" else None
        open_ = dict.fromkeys(call.get("id") or "" for call in calls or ())
        asked = set(open_)
    if open_:
        raise Rejected(_unanswered(open_, "messages"))


def _check_json(request: ChatRequest) -> None:
    """The rule: "when using JSON mode, you must also instruct the model to produce JSON"."""
    if request.output.kind != "json":
        return
    if not any("json" in message.text.lower() for message in request.messages):
        raise Rejected(
            invalid(
                "'messages' must contain the word 'json' in some form, to use 'response_format' "
                "of type 'json_object'.",
                param="messages",
            )
        )


def _check_reasoning(body: Reader, request: ChatRequest) -> None:
    if body.has("max_tokens"):
        hint = " Use 'max_completion_tokens' instead."
        raise Rejected(unsupported_parameter("max_tokens", hint))
    if not request.thinking.enabled:
        return
    if body.has("temperature") and body.raw("temperature") != 1:
        told = f"'temperature' does not support {body.raw('temperature')} with this model."
        raise Rejected(
            unsupported_value(f"{told} Only the default (1) value is supported.", "temperature")
        )
    for key, default in UNSUPPORTED.items():
        if body.has(key) and body.raw(key) != default:
            raise Rejected(unsupported_parameter(key))


def _check_content(messages: Sequence[Mapping[str, Any]], model: str) -> None:
    """Recorded in 2025: the first models of the o series take no system role."""
    without_system = _WITHOUT_SYSTEM.match(model)
    for index, message in enumerate(messages):
        role = message["role"]
        if without_system and role in ("system", "developer"):
            param = f"messages[{index}].role"
            raise Rejected(
                unsupported_value(f"'{param}' does not support '{role}' with this model.", param)
            )
        if isinstance(content := message.get("content"), list):
            _check_parts(content, index, silent="audio" not in model)


def _check_parts(parts: Sequence[Mapping[str, Any]], index: int, *, silent: bool) -> None:
    """Recorded in 2025: what a model says that hears nothing."""
    for nth, part in enumerate(parts):
        kind = part["type"]
        if kind not in CONTENT_KINDS:
            param = f"messages[{index}].content[{nth}].type"
            raise Rejected(unknown_value(kind, CONTENT_KINDS, param))
        if kind == "input_audio" and silent:
            param = f"messages[{index}]"
            told = "Content blocks are expected to be either text or image_url type."
            raise Rejected(invalid(f"Invalid '{param}'. {told}", param=param, code="invalid_value"))


def _unasked(id: Any, index: int, asked: set[str]) -> ApiError:
    if asked:
        return invalid(
            f"Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of previous "
            f"message.",
            param=f"messages.[{index}].tool_call_id",
        )
    return invalid(
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
        "with 'tool_calls'.",
        param=f"messages.[{index}].role",
    )


def _unanswered(ids: Iterable[str], param: str) -> ApiError:
    return invalid(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to "
        "each 'tool_call_id'. The following tool_call_ids did not have response messages: "
        f"{', '.join(ids)}",
        param=param,
    )
