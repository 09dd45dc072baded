"""Answers of Ollama's `POST /api/chat` as the router's types: whole, and a stream's lines."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

from ...types import (
    Finish,
    FinishReason,
    LLMResponse,
    Noise,
    Part,
    Started,
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
from ..calling import InBand, Unreadable
from ..framing import Frame

__all__ = ["Stream", "response", "usage_of"]

REASONS: Mapping[str, FinishReason] = {"stop": "stop", "length": "length"}


def response(body: Any, headers: Mapping[str, str]) -> LLMResponse:
    """A whole chat answer. Raises InBand, Unreadable."""
    if body.get("error"):
        raise InBand(body)
    message = body.get("message")
    if not isinstance(message, dict) or not body.get("done"):
        raise Unreadable("the answer has no message, or is not done")
    raw_reason = body.get("done_reason") or ""
    return LLMResponse(
        parts=tuple(_parts(message, body)),
        finish_reason=_reason(raw_reason, called=bool(message.get("tool_calls"))),
        finish_reason_raw=raw_reason,
        usage=usage_of(body),
        model=body.get("model") or "",
        raw=body,
    )


def usage_of(body: Mapping[str, Any]) -> Usage:
    """Ollama leaves out a count that is 0."""
    counts = {name: body[name] for name in ("prompt_eval_count", "eval_count") if name in body}
    return Usage(
        input=counts.get("prompt_eval_count") or 0,
        output=counts.get("eval_count") or 0,
        raw=counts,
    )


def _reason(raw: str, *, called: bool) -> FinishReason | None:
    """Ollama ends a turn of tool calls with "stop"; servers before 0.3 give no reason at all."""
    if not raw:
        return None
    reason = REASONS.get(raw, "other")
    return "tool_calls" if called and reason == "stop" else reason


def _parts(message: Mapping[str, Any], body: Mapping[str, Any]) -> Iterable[Part]:
    if thinking := message.get("thinking"):
        yield Thinking(text=thinking)
    if text := message.get("content"):
        yield Text(text)
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call.get("function") or {}
        yield ToolCall(
            id=call_id(call, body, index),
            name=function.get("name") or "",
            arguments=function.get("arguments") or {},
        )


def call_id(call: Mapping[str, Any], body: Mapping[str, Any], index: int) -> str:
    """The call's id; where Ollama gave none, one made of the answer's moment and the index."""
    made = crc32(f"{body.get('model')} {body.get('created_at')}".encode())
    return call.get("id") or f"local_{made:08x}_{index}"


class Stream:
    """One stream's events, as they come."""

    def __init__(self) -> None:
        self.finished = False
        self.over = False
        self.shown = False
        self.usage: Usage | None = None
        self._begun = False
        self._calls = 0

    def open(self, headers: Mapping[str, str]) -> Iterable[StreamEvent]:
        return ()

    def feed(self, frame: Frame) -> Iterable[StreamEvent]:
        line = frame.value
        if not isinstance(line, dict):
            return (Noise(kind="unknown", detail="a line that is no object"),)
        if line.get("error"):
            raise InBand(line)
        return self._line(line)

    def _line(self, line: Mapping[str, Any]) -> Iterable[StreamEvent]:
        if not self._begun:
            self._begun = True
            yield Started(model=line.get("model") or "")
        message = line.get("message") or {}
        if thinking := message.get("thinking"):
            self.shown = True
            yield ThinkingDelta(text=thinking)
        if text := message.get("content"):
            self.shown = True
            yield TextDelta(text)
        for call in message.get("tool_calls") or ():
            function = call.get("function") or {}
            self.shown = True
            yield ToolCallDelta(
                index=self._calls,
                id=call_id(call, line, self._calls),
                name=function.get("name") or "",
                arguments=json.dumps(function.get("arguments") or {}),
            )
            self._calls += 1
        if line.get("done"):
            yield from self._ended(line)

    def _ended(self, line: Mapping[str, Any]) -> Iterable[StreamEvent]:
        self.usage = usage_of(line)
        self.finished = self.over = True
        raw = line.get("done_reason") or ""
        yield UsageEvent(self.usage)
        yield Finish(reason=_reason(raw, called=self._calls > 0), raw_reason=raw)
