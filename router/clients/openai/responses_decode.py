"""Answers of `POST /responses` as the router's types: whole, and stream events. No I/O."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

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
from ..asking import parsed_arguments, sealed
from ..calling import InBand, Unreadable
from ..failures import rate_limits
from ..framing import Frame

__all__ = ["ResponsesStream", "response", "usage_of"]

NAME = "openai"
ENDED = ("response.completed", "response.incomplete")
TEXTS = ("response.output_text.delta", "response.refusal.delta")
THOUGHTS = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta")


def response(body: Any, headers: Mapping[str, str]) -> LLMResponse:
    """A whole response. Raises InBand, Unreadable."""
    if body.get("error"):
        raise InBand(body)
    output = body.get("output")
    if not isinstance(output, list):
        raise Unreadable("the answer has no output list")
    reason, raw = _finish(body)
    counts = body.get("usage")
    return LLMResponse(
        parts=tuple(part for item in output for part in _parts(item)),
        finish_reason=reason,
        finish_reason_raw=raw,
        usage=usage_of(counts, body.get("service_tier")) if isinstance(counts, dict) else None,
        model=body.get("model") or "",
        id=body.get("id") or "",
        limits=rate_limits(headers),
        raw=body,
    )


def usage_of(counts: Mapping[str, Any], tier: str | None) -> Usage:
    """input_tokens hold what was cached, output_tokens what was reasoned."""
    details = counts.get("input_tokens_details") or {}
    made = counts.get("output_tokens_details") or {}
    cached = details.get("cached_tokens") or 0
    written = details.get("cache_write_tokens") or 0
    return Usage(
        input=max(0, (counts.get("input_tokens") or 0) - cached - written),
        cached_read=cached,
        cache_write_5m=written,
        output=counts.get("output_tokens") or 0,
        reasoning=made.get("reasoning_tokens") or 0,
        service_tier=tier,
        raw=dict(counts),
    )


def _finish(body: Mapping[str, Any]) -> tuple[FinishReason | None, str]:
    """A response has a status, not a finish reason: what it made tells why it ended."""
    status = body.get("status")
    if status == "incomplete":
        why = (body.get("incomplete_details") or {}).get("reason") or ""
        reasons: dict[str, FinishReason] = {
            "max_output_tokens": "length",
            "content_filter": "content_filter",
        }
        return reasons.get(why, "other"), why or "incomplete"
    if status != "completed":
        return ("other" if status else None), status or ""
    items = body.get("output") or ()
    if any(item.get("type") == "function_call" for item in items):
        return "tool_calls", status
    said = [part for item in items for part in item.get("content") or () if isinstance(part, dict)]
    refused = any(part.get("type") == "refusal" for part in said)
    return ("refusal" if refused else "stop"), status


def _parts(item: Mapping[str, Any]) -> Iterable[Part]:
    match item.get("type"):
        case "message":
            for part in item.get("content") or ():
                if text := part.get("text") or part.get("refusal"):
                    yield Text(text)
        case "function_call":
            arguments, invalid = parsed_arguments(item.get("arguments") or "")
            yield ToolCall(
                id=item.get("call_id") or "",
                name=item.get("name") or "",
                arguments=arguments,
                arguments_text=invalid,
            )
        case "reasoning":
            pieces = [*(item.get("summary") or ()), *(item.get("content") or ())]
            text = "\n\n".join(piece.get("text") or "" for piece in pieces)
            yield Thinking(text=text, signature=_seal(item))


def _seal(item: Mapping[str, Any]) -> str:
    """What must go back with a reasoning item; "" where OpenAI did not hand it over."""
    kept = {name: item[name] for name in ("id", "encrypted_content") if item.get(name)}
    return sealed(NAME, json.dumps(kept)) if "encrypted_content" in kept else ""


class ResponsesStream:
    """One stream's events, as they come: the last one holds the whole response."""

    def __init__(self) -> None:
        self.finished = False
        self.over = False
        self.shown = False
        self.usage: Usage | None = None
        self._calls: dict[Any, int] = {}
        self._headers: Mapping[str, str] = {}

    def open(self, headers: Mapping[str, str]) -> Iterable[StreamEvent]:
        self._headers = headers
        return ()

    def feed(self, frame: Frame) -> Iterable[StreamEvent]:
        event = frame.value
        if not isinstance(event, dict):
            return (Noise(kind="unknown", detail="an event that is no object"),)
        kind = event.get("type")
        if kind in TEXTS:
            self.shown = True
            return (TextDelta(event.get("delta") or ""),)
        if kind in THOUGHTS:
            self.shown = True
            return (ThinkingDelta(text=event.get("delta") or ""),)
        if kind == "response.function_call_arguments.delta":
            number = self._calls.get(event.get("output_index"), 0)
            return (ToolCallDelta(index=number, arguments=event.get("delta") or ""),)
        if kind in ENDED:
            return self._ended(event.get("response") or {})
        return self._other(kind, event)

    def _other(self, kind: Any, event: Mapping[str, Any]) -> Iterable[StreamEvent]:
        item = event.get("item") or {}
        match kind, item.get("type"):
            case "response.created", _:
                made = event.get("response") or {}
                limits = rate_limits(self._headers)
                model = made.get("model") or ""
                return (Started(model=model, id=made.get("id") or "", limits=limits),)
            case "response.output_item.added", "function_call":
                number = self._calls[event.get("output_index")] = len(self._calls)
                self.shown = True
                named = {"id": item.get("call_id") or "", "name": item.get("name") or ""}
                return (ToolCallDelta(index=number, **named),)
            case "response.output_item.done", "reasoning":
                return (ThinkingDelta(signature=_seal(item)),) if _seal(item) else ()
            case "error", _:
                raise InBand(event if event.get("error") else {"error": event})
            case "response.failed", _:
                raise InBand(event.get("response") or event)
        if event.get("error"):
            raise InBand(event)
        return ()

    def _ended(self, body: Mapping[str, Any]) -> Iterable[StreamEvent]:
        if isinstance(counts := body.get("usage"), dict):
            self.usage = usage_of(counts, body.get("service_tier"))
            yield UsageEvent(self.usage)
        self.finished = self.over = True
        reason, raw = _finish(body)
        yield Finish(reason=reason, raw_reason=raw)
