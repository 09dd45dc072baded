"""Answers of `POST /chat/completions` as the router's types: whole, and stream chunks. No I/O.

Reads also what OpenAI's imitators add: `reasoning_content` or `reasoning` beside the content
(DeepSeek, vLLM, OpenRouter), and usage in the last chunk with choices.
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
from ..asking import parsed_arguments
from ..calling import InBand, Unreadable
from ..failures import rate_limits
from ..framing import Frame

__all__ = ["ChatStream", "finish_reason", "response", "usage_of"]

REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


def response(body: Any, headers: Mapping[str, str]) -> LLMResponse:
    """A whole chat completion. Raises InBand, Unreadable."""
    choices = body.get("choices")
    if body.get("error") and not choices:
        raise InBand(body)
    if not isinstance(choices, list) or not choices:
        raise Unreadable("the answer has no choices")
    message = choices[0].get("message") or {}
    raw_reason = choices[0].get("finish_reason")
    counts = body.get("usage")
    return LLMResponse(
        parts=tuple(_parts(message)),
        finish_reason=finish_reason(raw_reason, refused=bool(message.get("refusal"))),
        finish_reason_raw=raw_reason or "",
        usage=usage_of(counts, body.get("service_tier")) if isinstance(counts, dict) else None,
        model=body.get("model") or "",
        id=body.get("id") or "",
        limits=rate_limits(headers),
        raw=body,
    )


def finish_reason(raw: str | None, *, refused: bool) -> FinishReason | None:
    """What the finish reason means. A refusal ends with "stop" and is told by its own field."""
    if not raw:
        return None
    return "refusal" if refused and raw == "stop" else REASONS.get(raw, "other")


def usage_of(counts: Mapping[str, Any], tier: str | None) -> Usage:
    """prompt_tokens hold what was cached, completion_tokens what was reasoned."""
    details = counts.get("prompt_tokens_details") or {}
    made = counts.get("completion_tokens_details") or {}
    cached = details.get("cached_tokens") or 0
    written = details.get("cache_write_tokens") or 0
    return Usage(
        input=max(0, (counts.get("prompt_tokens") or 0) - cached - written),
        cached_read=cached,
        cache_write_5m=written,
        output=counts.get("completion_tokens") or 0,
        reasoning=made.get("reasoning_tokens") or 0,
        details={
            kind: count
            for kind, count in (
                ("input_audio_tokens", details.get("audio_tokens")),
                ("output_audio_tokens", made.get("audio_tokens")),
            )
            if count
        },
        service_tier=tier,
        raw=dict(counts),
    )


def _parts(message: Mapping[str, Any]) -> Iterable[Part]:
    if reasoning := message.get("reasoning_content") or message.get("reasoning"):
        yield Thinking(text=str(reasoning))
    for said in (message.get("content"), message.get("refusal")):
        if isinstance(said, str) and said:
            yield Text(said)
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        arguments, invalid = parsed_arguments(function.get("arguments") or "")
        yield ToolCall(
            id=call.get("id") or "",
            name=function.get("name") or "",
            arguments=arguments,
            arguments_text=invalid,
        )


class ChatStream:
    """One stream's events, as they come. Usage follows the finish reason, so that the stream is
    over with `[DONE]` (which the framing sees) or with the usage after the finish."""

    def __init__(self) -> None:
        self.finished = False
        self.over = False
        self.shown = False
        self.usage: Usage | None = None
        self._begun = False
        self._refused = False
        self._tier: str | None = None
        self._headers: Mapping[str, str] = {}

    def open(self, headers: Mapping[str, str]) -> Iterable[StreamEvent]:
        self._headers = headers
        return ()

    def feed(self, frame: Frame) -> Iterable[StreamEvent]:
        chunk = frame.value
        if not isinstance(chunk, dict):
            return (Noise(kind="unknown", detail="a chunk that is no object"),)
        if chunk.get("error") or frame.event == "error":
            raise InBand(chunk if chunk.get("error") else {"error": chunk})
        return self._chunk(chunk)

    def _chunk(self, chunk: Mapping[str, Any]) -> Iterable[StreamEvent]:
        if not self._begun:
            self._begun = True
            yield Started(
                model=chunk.get("model") or "",
                id=chunk.get("id") or "",
                limits=rate_limits(self._headers),
            )
        self._tier = chunk.get("service_tier") or self._tier
        for choice in (chunk.get("choices") or ())[:1]:
            yield from self._delta(choice.get("delta") or {})
            if (raw := choice.get("finish_reason")) and not self.finished:
                self.finished = True
                reason = finish_reason(raw, refused=self._refused)
                yield Finish(reason=reason, raw_reason=raw)
        if isinstance(counts := chunk.get("usage"), dict):
            self.usage = usage_of(counts, self._tier)
            yield UsageEvent(self.usage, final=self.finished)

    def _delta(self, delta: Mapping[str, Any]) -> Iterable[StreamEvent]:
        if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
            self.shown = True
            yield ThinkingDelta(text=str(reasoning))
        for name in ("content", "refusal"):
            if text := delta.get(name):
                self.shown = True
                self._refused = self._refused or name == "refusal"
                yield TextDelta(text)
        for call in delta.get("tool_calls") or ():
            function = call.get("function") or {}
            self.shown = True
            yield ToolCallDelta(
                index=call.get("index") or 0,
                id=call.get("id") or "",
                name=function.get("name") or "",
                arguments=function.get("arguments") or "",
            )
