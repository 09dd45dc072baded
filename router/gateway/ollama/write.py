"""Answers as Ollama's `POST /api/chat` gives them: whole, in lines, and as errors.

Forms as in ollama 0.6, `_types.py` (ChatResponse). The durations that Ollama tells of its machine
are left out: they are not the gateway's to make up.
"""

from datetime import UTC, datetime
from typing import Any

from ...clients.asking import parsed_arguments
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
from ..values import Head, Problem

__all__ = ["LineWriter", "answer_body", "error_body"]


def answer_body(answer: Answer, head: Head) -> dict[str, Any]:
    response = answer.response
    message: dict[str, Any] = {"role": "assistant", "content": response.text}
    if response.thinking:
        message["thinking"] = response.thinking
    if response.tool_calls:
        message["tool_calls"] = [_call(call, n) for n, call in enumerate(response.tool_calls)]
    reason = _reason(response.finish_reason, response.finish_reason_raw)
    return _line(head, answer.model, message) | _done(reason, response.usage)


def _call(call: ToolCall, index: int) -> dict[str, Any]:
    """Arguments are an object here; what is none is wrapped."""
    invalid = call.arguments_text
    arguments = {"INVALID_JSON": invalid} if invalid else dict(call.arguments)
    made = {
        "id": call.id,
        "function": {"index": index, "name": call.name, "arguments": arguments},
    }
    return made | ({"signature": call.signature} if call.signature else {})


def _line(head: Head, model: str, message: dict[str, Any]) -> dict[str, Any]:
    created = datetime.fromtimestamp(head.created_s, UTC).isoformat().replace("+00:00", "Z")
    return {"model": model, "created_at": created, "message": message, "done": False}


def _done(reason: str | None, usage: Usage | None) -> dict[str, Any]:
    ended: dict[str, Any] = {"done": True}
    if reason is not None:
        ended["done_reason"] = reason
    if usage is not None:
        counts = {"prompt_eval_count": usage.input_total, "eval_count": usage.output}
        ended |= {name: count for name, count in counts.items() if count}
    return ended


def _reason(reason: FinishReason | None, raw: str) -> str | None:
    """Calls of tools end with "stop" on this wire; what it has no word for keeps the router's."""
    if reason == "tool_calls":
        return "stop"
    return (raw or None) if reason == "other" else reason


def error_body(problem: Problem, call_id: str) -> dict[str, Any]:
    """`{"error": message}`, the trace beside."""
    return {"error": problem.message, "llmsim": {"call_id": call_id} | problem.trace()}


class LineWriter:
    """One stream as lines; a call comes whole in one of them, the last has the counts."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._calls: dict[int, list[ToolCallDelta]] = {}
        self._told = 0
        self._usage: Usage | None = None
        self._finish: Finish | None = None

    def feed(self, event: StreamEvent) -> bytes:
        match event:
            case ToolCallDelta(index=index):
                before = b"" if index in self._calls else self._called()
                self._calls.setdefault(index, []).append(event)
                return before
            case TextDelta(text=text) if text:
                return self._called() + self._said(content=text)
            case ThinkingDelta(text=text) if text:
                return self._called() + self._said(thinking=text)
            case UsageEvent(usage=usage):
                self._usage = usage
            case Finish():
                self._finish = event
            case Gap(detail=detail):
                message = {"role": "assistant", "content": ""}
                return _json(
                    _line(self._head, self._head.model, message) | {"llmsim": {"gap": detail}}
                )
            case Seam():
                moved = {"from": event.from_target, "to": event.to_target, "cause": event.cause}
                message = {"role": "assistant", "content": ""}
                return _json(_line(self._head, self._head.model, message) | {"llmsim": moved})
        return b""

    def end(self) -> bytes:
        finish = self._finish
        reason = _reason(finish.reason, finish.raw_reason) if finish else None
        message = {"role": "assistant", "content": ""}
        last = _line(self._head, self._head.model, message) | _done(reason, self._usage)
        return self._called() + _json(last)

    def failed(self, problem: Problem) -> bytes:
        return _json(error_body(problem, self._head.call_id))

    def _said(self, **fields: Any) -> bytes:
        message = {"role": "assistant", "content": ""} | fields
        return _json(_line(self._head, self._head.model, message))

    def _called(self) -> bytes:
        """The calls that are whole by now."""
        calls, self._calls = self._calls, {}
        made = []
        for pieces in calls.values():
            arguments, invalid = parsed_arguments("".join(piece.arguments for piece in pieces))
            call = ToolCall(
                id=pieces[0].id,
                name=pieces[0].name,
                arguments=arguments,
                arguments_text=invalid,
                signature="".join(piece.signature for piece in pieces),
            )
            made.append(_call(call, self._told))
            self._told += 1
        return self._said(tool_calls=made) if made else b""


def _json(value: object) -> bytes:
    return json_bytes(value) + b"\n"
