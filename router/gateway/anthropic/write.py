"""Answers as Anthropic's messages: whole, as events, and as errors. Nothing of requests.

Forms as in anthropic 2.12, `types/message.py`, `raw_message_*_event.py`; error types by status as
in its documentation (platform.claude.com/docs/en/api/errors).
"""

from collections.abc import Mapping
from typing import Any

from ...types import (
    Answer,
    Finish,
    FinishReason,
    Gap,
    Part,
    Seam,
    StreamEvent,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
    UsageEvent,
)
from ..encoding import json_bytes
from ..values import Head, Problem

__all__ = ["EventWriter", "error_body", "error_status", "message"]

_REASONS: Mapping[str, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "refusal": "refusal",
    "content_filter": "refusal",
}
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def message(answer: Answer, head: Head) -> dict[str, Any]:
    response = answer.response
    return {
        "id": f"msg_{head.call_id}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [block for part in response.parts if (block := _block(part)) is not None],
        "stop_reason": _reason(response.finish_reason, response.finish_reason_raw),
        "stop_sequence": _sequence(response.raw),
        "usage": _usage(response.usage),
    }


def _block(part: Part) -> dict[str, Any] | None:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Thinking(redacted=data) if data:
            return {"type": "redacted_thinking", "data": data}
        case Thinking(text=text, signature=signature):
            return {"type": "thinking", "thinking": text, "signature": signature}
        case ToolCall():
            return _call(part.id, part.name, _input(part), part.signature)
    return None


def _input(call: ToolCall) -> dict[str, Any]:
    """What is no JSON object is wrapped as Anthropic's documentation of tool streaming has it."""
    return {"INVALID_JSON": call.arguments_text} if call.arguments_text else dict(call.arguments)


def _call(id: str, name: str, arguments: dict[str, Any], signature: str) -> dict[str, Any]:
    """A seal of another vendor on its call has no field of this wire: it stands beside."""
    block = {"type": "tool_use", "id": id, "name": name, "input": arguments}
    return block | ({"signature": signature} if signature else {})


def _reason(reason: FinishReason | None, raw: str) -> str | None:
    """None stays None, and a reason that Anthropic does not know keeps the vendor's word."""
    if raw == "stop_sequence":
        return raw
    if reason == "other":
        return raw or None
    return None if reason is None else _REASONS.get(reason)


def _sequence(raw: Any) -> str | None:
    return raw.get("stop_sequence") if isinstance(raw, dict) else None


def _usage(usage: Usage | None) -> dict[str, Any]:
    """Counts that nobody told are null."""
    if usage is None:
        return {"input_tokens": None, "output_tokens": None}
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cached_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_5m,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        "service_tier": usage.service_tier,
    }


def error_status(problem: Problem) -> int:
    """Anthropic has a status of its own for overload."""
    return 529 if problem.kind == "overloaded" else problem.status


def error_body(problem: Problem, call_id: str) -> dict[str, Any]:
    """`{"type": "error", "error": {type, message}, "request_id"}`, the trace beside."""
    told = problem.message
    if problem.kind == "context_window":
        told = f"prompt is too long: {told}"
    return {
        "type": "error",
        "error": {"type": _ERRORS.get(error_status(problem), "api_error"), "message": told},
        "request_id": call_id or None,
        "llmsim": {"call_id": call_id} | problem.trace(),
    }


class EventWriter:
    """One stream as events. A block is open at a time; the counts come at the end, when the
    router knows them, so that those of message_start are 0."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._begun = False
        self._index = -1
        self._open = ""  # what the open block is: "text", "thinking", or the number of a call
        self._usage: Usage | None = None
        self._finish: Finish | None = None

    def feed(self, event: StreamEvent) -> bytes:
        opening = b"" if self._begun else self._start()
        self._begun = True
        return opening + self._event(event)

    def end(self) -> bytes:
        """message_delta with the stop reason and all counts, message_stop."""
        opening = b"" if self._begun else self._start()
        finish = self._finish
        reason = _reason(finish.reason, finish.raw_reason) if finish else None
        delta = {"stop_reason": reason, "stop_sequence": None}
        usage = _usage(self._usage)
        told = _sse("message_delta", delta=delta, usage=usage)
        return opening + self._close() + told + _sse("message_stop")

    def failed(self, problem: Problem) -> bytes:
        body = error_body(problem, self._head.call_id)
        return _sse(**body)

    def _start(self) -> bytes:
        empty: dict[str, Any] = {
            "id": f"msg_{self._head.call_id}",
            "type": "message",
            "role": "assistant",
            "model": self._head.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }
        return _sse("message_start", message=empty)

    def _event(self, event: StreamEvent) -> bytes:
        match event:
            case TextDelta(text=text) if text:
                opened = self._opened("text", {"type": "text", "text": ""})
                return opened + self._delta({"type": "text_delta", "text": text})
            case ThinkingDelta():
                return self._thought(event)
            case ToolCallDelta():
                return self._called(event)
            case UsageEvent(usage=usage):
                self._usage = usage
            case Finish():
                self._finish = event
            case Gap(detail=detail):
                return _sse("ping", llmsim={"gap": detail})
            case Seam():
                moved = {"from": event.from_target, "to": event.to_target, "cause": event.cause}
                return _sse("ping", llmsim={"seam": moved})
        return b""

    def _thought(self, event: ThinkingDelta) -> bytes:
        if event.redacted:
            block = {"type": "redacted_thinking", "data": event.redacted}
            return self._opened("redacted", block) + self._close()
        opened = b""
        if event.text or event.signature:
            empty = {"type": "thinking", "thinking": "", "signature": ""}
            opened = self._opened("thinking", empty)
        if event.text:
            opened += self._delta({"type": "thinking_delta", "thinking": event.text})
        if event.signature:
            opened += self._delta({"type": "signature_delta", "signature": event.signature})
            opened += self._close()
        return opened

    def _called(self, event: ToolCallDelta) -> bytes:
        """Raises RuntimeError for fragments of two calls mixed, which this wire's readers cannot
        put together (they take the block last opened)."""
        kind, opened = f"call {event.index}", b""
        if event.id or event.name:
            opened = self._opened(kind, _call(event.id, event.name, {}, event.signature))
        elif self._open != kind:
            raise RuntimeError("the provider mixed the fragments of two tool calls")
        return opened + self._delta({"type": "input_json_delta", "partial_json": event.arguments})

    def _opened(self, kind: str, block: dict[str, Any]) -> bytes:
        """The block of this kind is open after these bytes."""
        if self._open == kind:
            return b""
        closed = self._close()
        self._open = kind
        self._index += 1
        return closed + _sse("content_block_start", index=self._index, content_block=block)

    def _close(self) -> bytes:
        if not self._open:
            return b""
        self._open = ""
        return _sse("content_block_stop", index=self._index)

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return _sse("content_block_delta", index=self._index, delta=delta)


def _sse(type: str, **fields: Any) -> bytes:
    data = json_bytes({"type": type} | fields)
    return f"event: {type}\ndata: ".encode() + data + b"\n\n"
