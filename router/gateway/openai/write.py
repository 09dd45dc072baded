"""Answers as OpenAI's chat completions: whole, in chunks, and as errors. Nothing of requests.

Forms as in openai 3.54: `types/chat/chat_completion.py`, `chat_completion_chunk.py`, and for errors
`_exceptions.py`; reasoning is told as `reasoning_content`, as DeepSeek and vLLM do.
"""

from collections.abc import Mapping
from typing import Any

from ...clients.asking import arguments_text
from ...types import (
    Answer,
    Finish,
    FinishReason,
    Gap,
    Seam,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
    UsageEvent,
)
from ..encoding import json_bytes
from ..values import Asked, Head, Problem

__all__ = ["ChunkWriter", "completion", "error_body", "finish_reason", "sealed", "usage"]

# What a kind of problem is called in `type` and `code`.
_KINDS: Mapping[str, tuple[str, str | None]] = {
    "auth": ("upstream_error", "upstream_auth"),
    "permission": ("upstream_error", "upstream_permission"),
    "billing": ("upstream_error", "upstream_billing"),
    "bad_request": ("invalid_request_error", None),
    "budget": ("insufficient_quota", "budget_exceeded"),
    "content_policy": ("invalid_request_error", "content_policy_violation"),
    "context_window": ("invalid_request_error", "context_length_exceeded"),
    "deadline": ("server_error", "deadline_exceeded"),
    "not_found": ("invalid_request_error", "model_not_found"),
    "overloaded": ("server_error", "overloaded"),
    "quota": ("insufficient_quota", "insufficient_quota"),
    "rate_limit": ("rate_limit_error", "rate_limit_exceeded"),
    "token": ("invalid_request_error", "invalid_api_key"),
    "unsupported": ("invalid_request_error", "unsupported_parameter"),
}


def completion(answer: Answer, head: Head) -> dict[str, Any]:
    response = answer.response
    refused = response.finish_reason == "refusal"
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if refused else response.text or None,
        "refusal": response.text if refused else None,
        "annotations": [],
    }
    if response.thinking:
        message["reasoning_content"] = response.thinking
    if response.tool_calls:
        message["tool_calls"] = [_tool_call(call) for call in response.tool_calls]
    reason = finish_reason(response.finish_reason, response.finish_reason_raw)
    body = {
        "id": f"chatcmpl-{head.call_id}",
        "object": "chat.completion",
        "created": int(head.created_s),
        "model": answer.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
        "service_tier": response.usage.service_tier if response.usage else None,
        "system_fingerprint": None,
    }
    if response.usage is not None:
        body["usage"] = usage(response.usage)
    return body


def _tool_call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": arguments_text(call)}
    return {"id": call.id, "type": "function", "function": function} | sealed(call.signature)


def sealed(signature: str) -> dict[str, Any]:
    """The vendor's seal on a call, which OpenAI's wire has no field for; it comes back with the
    conversation where the caller keeps the message as it was."""
    return {"extra_content": {"llmsim": {"signature": signature}}} if signature else {}


def finish_reason(reason: FinishReason | None, raw: str) -> str | None:
    """None stays None, and a reason that OpenAI does not know keeps the vendor's word."""
    match reason:
        case "refusal":
            return "stop" if raw == "stop" else "content_filter"
        case "other":
            return raw or None
    return reason


def usage(told: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": told.input_total,
        "completion_tokens": told.output,
        "total_tokens": told.total,
        "prompt_tokens_details": {
            "cached_tokens": told.cached_read,
            "cache_write_tokens": told.cache_write_5m + told.cache_write_1h,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": told.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def error_body(problem: Problem, call_id: str) -> dict[str, Any]:
    """`{"error": {message, type, param, code}}`, the call's trace beside under `llmsim`."""
    default = ("server_error" if problem.status >= 500 else "invalid_request_error", problem.kind)
    kind, code = _KINDS.get(problem.kind, default)
    return {
        "error": {
            "message": problem.message,
            "type": kind,
            "param": problem.param or None,
            "code": code,
            "llmsim": {"call_id": call_id} | problem.trace(),
        }
    }


class ChunkWriter:
    """One stream as chunks. The role comes with the first of them, the finish reason in one of
    its own, usage after it and only where it was asked for, `[DONE]` last."""

    def __init__(self, asked: Asked, head: Head) -> None:
        self._head = head
        self._include_usage = asked.include_usage
        self._usage: Usage | None = None
        self._begun = False

    def feed(self, event: StreamEvent) -> bytes:
        match event:
            case TextDelta(text=text) if text:
                return self._delta({"content": text})
            case ThinkingDelta(text=text) if text:
                return self._delta({"reasoning_content": text})
            case ToolCallDelta():
                return self._delta({"tool_calls": [_call_delta(event)]})
            case UsageEvent(usage=told):
                self._usage = told
            case Finish(reason=reason, raw_reason=raw):
                word = finish_reason(reason, "" if reason == "refusal" else raw)
                return self._delta({}, word) if word else b""
            case Gap(detail=detail):
                return self._chunk([_choice({})], llmsim={"gap": detail})
            case Seam():
                moved = {"from": event.from_target, "to": event.to_target, "cause": event.cause}
                return self._chunk([_choice({})], llmsim={"seam": moved})
        return b""

    def end(self) -> bytes:
        counted = b""
        if self._include_usage and self._usage is not None:
            counted = self._chunk([], usage=usage(self._usage))
        return counted + b"data: [DONE]\n\n"

    def failed(self, problem: Problem) -> bytes:
        return _sse(error_body(problem, self._head.call_id))

    def _delta(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        if not self._begun:
            self._begun = True
            called = "tool_calls" in delta or "reasoning_content" in delta
            opening: dict[str, Any] = {"role": "assistant", "content": None if called else ""}
            delta = opening | {"refusal": None} | delta
        return self._chunk([_choice(delta, finish)])

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        chunk: dict[str, Any] = {
            "id": f"chatcmpl-{self._head.call_id}",
            "object": "chat.completion.chunk",
            "created": int(self._head.created_s),
            "model": self._head.model,
            "service_tier": None,
            "system_fingerprint": None,
            "choices": choices,
        }
        if self._include_usage:
            chunk["usage"] = None
        return _sse(chunk | more)


def _choice(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _call_delta(event: ToolCallDelta) -> dict[str, Any]:
    function: dict[str, Any] = {"arguments": event.arguments}
    opened: dict[str, Any] = {"index": event.index}
    if event.id or event.name:
        opened |= {"id": event.id, "type": "function"}
        function = {"name": event.name} | function
    return opened | {"function": function} | sealed(event.signature)


def _sse(value: object) -> bytes:
    return b"data: " + json_bytes(value) + b"\n\n"
