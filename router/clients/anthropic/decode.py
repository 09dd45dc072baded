"""Anthropic's answers as the router's types: whole messages, and stream events. No I/O.

The events are those of `POST /v1/messages` with `stream`: message_start, content_block_start,
content_block_delta, content_block_stop, message_delta, message_stop, ping, error.
"""

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
from ..asking import sealed
from ..calling import InBand, Unreadable
from ..failures import rate_limits
from ..framing import Frame

__all__ = ["Stream", "finish_reason", "response", "usage_of"]

NAME = "anthropic"
REASONS: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
}


def response(body: Any, headers: Mapping[str, str]) -> LLMResponse:
    """A whole Message. Raises InBand, Unreadable."""
    if body.get("type") == "error" or isinstance(body.get("error"), dict):
        raise InBand(body)
    content = body.get("content")
    if not isinstance(content, list):
        raise Unreadable("the answer has no content list")
    raw_reason = body.get("stop_reason")
    counts = body.get("usage")
    return LLMResponse(
        parts=tuple(part for block in content if (part := _part(block)) is not None),
        finish_reason=finish_reason(raw_reason),
        finish_reason_raw=raw_reason or "",
        usage=usage_of(counts) if isinstance(counts, dict) else None,
        model=body.get("model") or "",
        id=body.get("id") or "",
        limits=rate_limits(headers),
        raw=body,
    )


def finish_reason(raw: str | None) -> FinishReason | None:
    """What the stop reason means; None where there is none, "other" for one not known."""
    return REASONS.get(raw, "other") if raw else None


def usage_of(counts: Mapping[str, Any]) -> Usage:
    """Anthropic's input_tokens are already without what was read from or written to a cache."""
    written = counts.get("cache_creation_input_tokens") or 0
    kinds = counts.get("cache_creation") or {}
    hour = kinds.get("ephemeral_1h_input_tokens") or 0
    server = counts.get("server_tool_use") or {}
    details = counts.get("output_tokens_details") or {}
    return Usage(
        input=counts.get("input_tokens") or 0,
        cached_read=counts.get("cache_read_input_tokens") or 0,
        cache_write_5m=max(0, written - hour),
        cache_write_1h=hour,
        output=counts.get("output_tokens") or 0,
        reasoning=details.get("thinking_tokens") or 0,
        server_tool_calls={
            name.removesuffix("_requests"): n for name, n in server.items() if isinstance(n, int)
        },
        service_tier=counts.get("service_tier"),
        raw=dict(counts),
    )


def _part(block: Any) -> Part | None:
    match block:
        case {"type": "text", "text": str(text)}:
            return Text(text)
        case {"type": "thinking", "thinking": str(text)}:
            return Thinking(text=text, signature=sealed(NAME, block.get("signature") or ""))
        case {"type": "redacted_thinking", "data": str(data)}:
            return Thinking(redacted=sealed(NAME, data))
        case {"type": "tool_use", "name": str(name)}:
            arguments = block.get("input")
            valid = isinstance(arguments, dict)
            return ToolCall(
                id=block.get("id") or "",
                name=name,
                arguments=arguments if valid else {},
                arguments_text="" if valid else str(arguments),
            )
    return None  # blocks of tools that Anthropic runs itself stay in `raw`


class Stream:
    """One stream's events, as they come."""

    def __init__(self) -> None:
        self.finished = False
        self.over = False
        self.shown = False
        self.usage: Usage | None = None
        self._counts: dict[str, Any] = {}
        self._calls: dict[int, int] = {}
        self._reason: str | None = None
        self._headers: Mapping[str, str] = {}

    def open(self, headers: Mapping[str, str]) -> Iterable[StreamEvent]:
        self._headers = headers
        return ()

    def feed(self, frame: Frame) -> Iterable[StreamEvent]:
        value = frame.value
        if not isinstance(value, dict):
            return (Noise(kind="unknown", detail="an event that is no object"),)
        match value.get("type"):
            case "content_block_delta":
                return self._delta(value.get("index"), value.get("delta") or {})
            case "content_block_start":
                return self._opened(value.get("index"), value.get("content_block") or {})
            case "message_start":
                return self._started(value.get("message") or {})
            case "message_delta":
                self._reason = (value.get("delta") or {}).get("stop_reason") or self._reason
                return self._count(value.get("usage"), final=True)
            case "message_stop":
                self.finished = self.over = True
                raw = self._reason or ""
                return (Finish(reason=finish_reason(self._reason), raw_reason=raw),)
            case "ping":
                return (Noise(kind="ping"),)
            case "content_block_stop":
                return ()
            case "error":
                raise InBand(value)
        if "error" in value:
            raise InBand(value)
        return (Noise(kind="unknown", detail=str(value.get("type"))),)

    def _started(self, message: Mapping[str, Any]) -> Iterable[StreamEvent]:
        yield Started(
            model=message.get("model") or "",
            id=message.get("id") or "",
            limits=rate_limits(self._headers),
        )
        yield from self._count(message.get("usage"), final=False)

    def _count(self, counts: Any, *, final: bool) -> Iterable[StreamEvent]:
        """The counts of message_delta are cumulative and may leave out what did not change, so that
        they are the last word only where those of message_start were read."""
        if not isinstance(counts, dict):
            return ()
        self._counts |= {name: n for name, n in counts.items() if n is not None}
        self.usage = usage_of(self._counts)
        return (UsageEvent(self.usage, final=final and "input_tokens" in self._counts),)

    def _opened(self, index: Any, block: Mapping[str, Any]) -> Iterable[StreamEvent]:
        match block.get("type"):
            case "tool_use":
                number = self._calls[index] = len(self._calls)
                self.shown = True
                return (
                    ToolCallDelta(
                        index=number, id=block.get("id") or "", name=block.get("name") or ""
                    ),
                )
            case "redacted_thinking":
                return (ThinkingDelta(redacted=sealed(NAME, block.get("data") or "")),)
            case "text" if block.get("text"):
                self.shown = True
                return (TextDelta(block["text"]),)
            case "thinking" if block.get("thinking"):
                self.shown = True
                return (ThinkingDelta(text=block["thinking"]),)
        return ()

    def _delta(self, index: Any, delta: Mapping[str, Any]) -> Iterable[StreamEvent]:
        match delta.get("type"):
            case "text_delta":
                self.shown = True
                return (TextDelta(delta.get("text") or ""),)
            case "input_json_delta":
                if index not in self._calls:  # of a tool that Anthropic runs itself
                    return ()
                piece = delta.get("partial_json") or ""
                return (ToolCallDelta(index=self._calls[index], arguments=piece),)
            case "thinking_delta":
                self.shown = True
                return (ThinkingDelta(text=delta.get("thinking") or ""),)
            case "signature_delta":
                return (ThinkingDelta(signature=sealed(NAME, delta.get("signature") or "")),)
        return (Noise(kind="unknown", detail=str(delta.get("type"))),)
