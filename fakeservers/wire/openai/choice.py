"""What a chat completion and its stream share: how they begin, the message, the finish reason."""

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from ...canonical import ChatRequest, Finish, Refusal, Reply, Text, ToolCall
from ..framing import dumps
from .responses.families import family

__all__ = [
    "arguments",
    "begins",
    "custom_tools",
    "finish_reason",
    "free_text",
    "has_logprobs",
    "is_legacy",
    "message",
    "served",
    "shown",
]

FINISH: Mapping[Finish, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "refusal": "stop",
    "content_filter": "content_filter",
}
TIERS: Mapping[str, str] = {"fast": "priority", "priority": "priority", "flex": "flex"}
REMEMBERED_MODELS_MAX = 256

# Recorded in 2025 and 2026, as are the models that leave `logprobs` out.
_FINGERPRINTED = re.compile(r"(?:ft:|chat)?(?:gpt-4o(?!.*-search)|gpt-4\.1|o\d)")
_WITHOUT_LOGPROBS = re.compile(r".*(?:-search|-audio)|gpt-4\.5")


@lru_cache(maxsize=REMEMBERED_MODELS_MAX)
def has_logprobs(model: str) -> bool:
    """Whether a choice has a place for `logprobs`."""
    return not (family(model).reasoning or _WITHOUT_LOGPROBS.match(model))


def begins(id: str, kind: str, created: int) -> str:
    """An answer or a chunk, in JSON, up to the model that gave it."""
    return f'{{"id":"{id}","object":"{kind}","created":{created},'


def served(request: ChatRequest, model: str) -> dict[str, Any]:
    """The fields that tell who gave the answer; the chunks of its stream repeat them."""
    return {
        "service_tier": _tier(request.raw.get("service_tier")),
        "system_fingerprint": _fingerprint(model, request.provider == "openai"),
    }


@lru_cache(maxsize=REMEMBERED_MODELS_MAX)
def _fingerprint(model: str, of_openai: bool) -> str | None:
    """The fingerprint of the model's backend."""
    if of_openai and not _FINGERPRINTED.match(model):
        return None
    digest = blake2b(model.encode("utf-8", "replace"), digest_size=5).hexdigest()
    return f"fp_{digest}"


def _tier(asked: Any) -> str:
    return TIERS.get(asked, "default") if isinstance(asked, str) else "default"


def message(request: ChatRequest, reply: Reply) -> dict[str, Any]:
    """The assistant's message; `tool_calls` stands there only when there are calls."""
    if len(reply.parts) == 1 and isinstance(only := reply.parts[0], Text):
        return {"role": "assistant", "content": only.text, "refusal": None, "annotations": []}
    content, refusal = shown(reply)
    said: dict[str, Any] = {"role": "assistant", "content": content}
    if calls := reply.tool_calls:
        if is_legacy(request):
            said["function_call"] = {"name": calls[0].name, "arguments": arguments(calls[0])}
        else:
            custom = custom_tools(request)
            said["tool_calls"] = [_call(call, custom) for call in calls]
    said["refusal"] = refusal
    said["annotations"] = []
    return said


def shown(reply: Reply) -> tuple[str | None, str | None]:
    """Content and refusal; content is null when there is only a call or a refusal."""
    texts = [part.text for part in reply.parts if isinstance(part, Text)]
    refused = [part.text for part in reply.parts if isinstance(part, Refusal)]
    silent = not texts and (refused or reply.tool_calls)
    return None if silent else "".join(texts), "".join(refused) if refused else None


def finish_reason(request: ChatRequest, reply: Reply) -> str:
    if reply.finish == "tool_calls" and is_legacy(request):
        return "function_call"
    return FINISH[reply.finish]


def is_legacy(request: ChatRequest) -> bool:
    """Whether the caller speaks of `functions`, the form that came before `tools`."""
    return "functions" in request.raw and "tools" not in request.raw


def custom_tools(request: ChatRequest) -> frozenset[str]:
    """The names of the offered tools that take free text instead of arguments."""
    tools = request.raw.get("tools") or ()
    named = (tool.get("custom") or {} for tool in tools if tool.get("type") == "custom")
    return frozenset(custom.get("name") or "" for custom in named)


def arguments(call: ToolCall) -> str:
    return call.arguments if isinstance(call.arguments, str) else dumps(call.arguments)


def free_text(call: ToolCall) -> str:
    """The input of a custom tool: the only argument, if it is one text."""
    if not isinstance(call.arguments, str) and len(call.arguments) == 1:
        (value,) = call.arguments.values()
        if isinstance(value, str):
            return value
    return arguments(call)


def _call(call: ToolCall, custom: frozenset[str]) -> dict[str, Any]:
    if call.name in custom:
        used = {"name": call.name, "input": free_text(call)}
        return {"id": call.id, "type": "custom", "custom": used}
    function = {"name": call.name, "arguments": arguments(call)}
    return {"id": call.id, "type": "function", "function": function}
