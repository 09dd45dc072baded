"""Answers as Gemini's GenerateContentResponse: whole, in chunks, and as errors.

Forms as in google-genai 3.4, `types.py`; errors are google.rpc.Status. A tool call comes whole in
one chunk on this wire, so that its fragments are kept until its end.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from ...clients.asking import parsed_arguments
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

__all__ = ["ChunkWriter", "content", "error_body"]

_REASONS: Mapping[str, str] = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "refusal": "SAFETY",
}
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def content(answer: Answer, head: Head) -> dict[str, Any]:
    response = answer.response
    parts = [made for part in response.parts if (made := _part(part)) is not None]
    finish = _reason(response.finish_reason, response.finish_reason_raw)
    return _response(head, answer.model, parts, finish, response.usage)


def _response(
    head: Head,
    model: str,
    parts: list[dict[str, Any]],
    finish: str | None = None,
    usage: Usage | None = None,
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    body: dict[str, Any] = {"candidates": [candidate]}
    if usage is not None:
        body["usageMetadata"] = _usage(usage)
    return body | {"modelVersion": model, "responseId": head.call_id}


def _part(part: Part) -> dict[str, Any] | None:
    match part:
        case Text(text=text):
            return {"text": text}
        case Thinking(text=text, signature=signature) if text or signature:
            thought = {"thought": True} if text else {}
            return {"text": text} | thought | _sealed(signature)
        case ToolCall():
            return _call(part.id, part.name, part.arguments, part.arguments_text, part.signature)
    return None


def _call(
    id: str, name: str, arguments: Mapping[str, Any], invalid: str, signature: str
) -> dict[str, Any]:
    """Arguments are an object here; what is none is wrapped."""
    args = {"INVALID_JSON": invalid} if invalid else dict(arguments)
    return {"functionCall": {"id": id, "name": name, "args": args}} | _sealed(signature)


def _sealed(signature: str) -> dict[str, Any]:
    """Signatures are bytes on this wire: the mark of whose it is goes inside, see `read`."""
    return {"thoughtSignature": b64encode(signature.encode()).decode()} if signature else {}


def _reason(reason: FinishReason | None, raw: str) -> str | None:
    """Gemini's own words come back as they were; None stays None."""
    if reason is None:
        return None
    if raw in ("STOP", "MAX_TOKENS") or (reason in ("content_filter", "other") and raw.isupper()):
        return raw
    return "OTHER" if reason == "other" else _REASONS[reason]


def _usage(usage: Usage) -> dict[str, Any]:
    counts = {
        "promptTokenCount": usage.input_total,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.total,
    }
    if usage.cached_read:
        counts["cachedContentTokenCount"] = usage.cached_read
    if usage.reasoning:
        counts["thoughtsTokenCount"] = usage.reasoning
    return counts


def error_body(problem: Problem, call_id: str) -> dict[str, Any]:
    """`{"error": {code, message, status, details}}`; the trace is one of the details."""
    details: list[dict[str, Any]] = [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": problem.kind.upper(),
            "domain": "llmsim",
            "metadata": {
                "call_id": call_id,
                "attempts": json.dumps(problem.trace()["attempts"]),
            },
        }
    ]
    if problem.retry_after_s is not None:
        wait = f"{max(0.0, problem.retry_after_s):.3f}s"
        retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": wait}
        details.append(retry)
    return {
        "error": {
            "code": problem.status,
            "message": problem.message,
            "status": _STATUSES.get(problem.status, "UNKNOWN"),
            "details": details,
        }
    }


class ChunkWriter:
    """One stream as chunks; the last one has the finish reason and the counts."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._calls: dict[int, list[ToolCallDelta]] = {}
        self._usage: Usage | None = None
        self._finish: Finish | None = None

    def feed(self, event: StreamEvent) -> bytes:
        match event:
            case ToolCallDelta(index=index):
                before = b"" if index in self._calls else self._called()
                self._calls.setdefault(index, []).append(event)
                return before
            case TextDelta(text=text) if text:
                return self._called() + self._chunk([{"text": text}])
            case ThinkingDelta(text=text, signature=signature) if text or signature:
                part = _part(Thinking(text=text, signature=signature))
                return self._called() + self._chunk([part] if part else [])
            case UsageEvent(usage=usage):
                self._usage = usage
            case Finish():
                self._finish = event
            case Gap(detail=detail):
                return _sse(
                    _response(self._head, self._head.model, []) | {"llmsim": {"gap": detail}}
                )
            case Seam():
                moved = {"from": event.from_target, "to": event.to_target, "cause": event.cause}
                return _sse(_response(self._head, self._head.model, []) | {"llmsim": moved})
        return b""

    def end(self) -> bytes:
        finish = self._finish
        reason = _reason(finish.reason, finish.raw_reason) if finish else None
        last = _response(self._head, self._head.model, [], reason, self._usage)
        return self._called() + _sse(last)

    def failed(self, problem: Problem) -> bytes:
        return _sse(error_body(problem, self._head.call_id))

    def _called(self) -> bytes:
        """The calls that are whole by now."""
        calls, self._calls = self._calls, {}
        parts = []
        for pieces in calls.values():
            arguments, invalid = parsed_arguments("".join(p.arguments for p in pieces))
            seal = "".join(piece.signature for piece in pieces)
            first = pieces[0]
            parts.append(_call(first.id, first.name, arguments, invalid, seal))
        return self._chunk(parts) if parts else b""

    def _chunk(self, parts: list[dict[str, Any]]) -> bytes:
        return _sse(_response(self._head, self._head.model, parts))


def _sse(value: object) -> bytes:
    return b"data: " + json_bytes(value) + b"\r\n\r\n"
