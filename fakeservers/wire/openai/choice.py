"""What a chat completion and its stream share: the head, the message, the finish reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ...canonical import ChatRequest, CompletionResult, Finish, Refusal, Reply, Text, ToolCall
from ...rng import Ids
from ..base import Stamp
from ..framing import dumps
from .chat_request import reasons

__all__ = ["Head", "arguments", "call_id", "finish_reason", "is_legacy", "message", "shown"]

FINISH: Mapping[Finish, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "refusal": "stop",
    "content_filter": "content_filter",
}
TIERS: Mapping[str, str] = {"fast": "priority", "priority": "priority", "flex": "flex"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The fields that the answer and every chunk of its stream repeat."""

    id: str
    created: int
    model: str
    service_tier: str
    fingerprint: str | None
    has_logprobs: bool

    @classmethod
    def of(cls, request: ChatRequest, result: CompletionResult, stamp: Stamp) -> Self:
        """Recorded: reasoning models have a null fingerprint and leave `logprobs` out."""
        thinks = reasons(request.model)
        return cls(
            id=f"chatcmpl-{stamp.ids.base62(29)}",
            created=int(stamp.now_s),
            model=result.model,
            service_tier=TIERS.get(str(request.raw.get("service_tier")), "default"),
            fingerprint=None if thinks else f"fp_{stamp.ids.hex(10)}",
            has_logprobs=not thinks,
        )


def message(request: ChatRequest, reply: Reply, ids: Ids) -> dict[str, Any]:
    """The assistant's message; `tool_calls` stands there only when there are calls."""
    content, refusal = shown(reply)
    said: dict[str, Any] = {"role": "assistant", "content": content}
    calls = reply.tool_calls
    if calls and is_legacy(request):
        said["function_call"] = {"name": calls[0].name, "arguments": arguments(calls[0])}
    elif calls:
        said["tool_calls"] = [_call(call, ids) for call in calls]
    return {**said, "refusal": refusal, "annotations": []}


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


def call_id(call: ToolCall, ids: Ids) -> str:
    return call.id or f"call_{ids.base62(24)}"


def arguments(call: ToolCall) -> str:
    return call.arguments if isinstance(call.arguments, str) else dumps(call.arguments)


def _call(call: ToolCall, ids: Ids) -> dict[str, Any]:
    return {
        "id": call_id(call, ids),
        "type": "function",
        "function": {"name": call.name, "arguments": arguments(call)},
    }
