"""Answers of Gemini's `generateContent` as the router's types: whole, and a stream's chunks.

A chunk of `streamGenerateContent` has the form of a whole answer with the parts that are new; the
counts of usage are those so far. Names are the wire's (camelCase).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
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

__all__ = ["Stream", "response", "usage_of"]

NAME = "gemini"
REASONS: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
}
BLOCK = "prompt blocked: "
UNSPECIFIED = "FINISH_REASON_UNSPECIFIED"
_MODALITIES = ("audio", "image", "video")
_DETAILED = {
    "promptTokensDetails": "input_{}_tokens",
    "cacheTokensDetails": "cache_{}_read_tokens",
    "candidatesTokensDetails": "output_{}_tokens",
}


def response(body: Any, headers: Mapping[str, str]) -> LLMResponse:
    """A whole GenerateContentResponse. Raises InBand, Unreadable."""
    if body.get("error"):
        raise InBand(body)
    candidates = body.get("candidates") or ()
    if not candidates and not _blocked(body) and "usageMetadata" not in body:
        raise Unreadable("the answer has no candidates")
    candidate = candidates[0] if candidates else {}
    parts = (candidate.get("content") or {}).get("parts") or ()
    found = tuple(made for i, part in enumerate(parts) for made in _parts(part, body, i))
    called = any(isinstance(part, ToolCall) for part in found)
    raw = _raw_reason(candidate, body)
    counts = body.get("usageMetadata")
    return LLMResponse(
        parts=found,
        finish_reason=_reason(raw, called=called),
        finish_reason_raw=raw,
        usage=usage_of(counts) if isinstance(counts, dict) else None,
        model=body.get("modelVersion") or "",
        id=body.get("responseId") or "",
        limits=rate_limits(headers),
        raw=body,
    )


def usage_of(counts: Mapping[str, Any]) -> Usage:
    """promptTokenCount holds what was cached; thoughts are counted beside the candidates."""
    cached = counts.get("cachedContentTokenCount") or 0
    prompt = (counts.get("promptTokenCount") or 0) + (counts.get("toolUsePromptTokenCount") or 0)
    thoughts = counts.get("thoughtsTokenCount") or 0
    return Usage(
        input=max(0, prompt - cached),
        cached_read=cached,
        output=(counts.get("candidatesTokenCount") or 0) + thoughts,
        reasoning=thoughts,
        details=dict(_details(counts)),
        service_tier=counts.get("serviceTier"),
        raw=dict(counts),
    )


def _details(counts: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Tokens that are no text, by what they are."""
    for field, named in _DETAILED.items():
        for entry in counts.get(field) or ():
            modality = str(entry.get("modality") or "").lower()
            if modality in _MODALITIES and (count := entry.get("tokenCount")):
                yield named.format(modality), count


def _blocked(body: Mapping[str, Any]) -> str:
    """Why the prompt was not let through; "" if it was."""
    reason = (body.get("promptFeedback") or {}).get("blockReason")
    return f"{BLOCK}{reason}" if reason else ""


def _raw_reason(candidate: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    reason = candidate.get("finishReason") or ""
    return _blocked(body) if not candidate else "" if reason == UNSPECIFIED else reason


def _reason(raw: str, *, called: bool) -> FinishReason | None:
    """Gemini ends a turn of function calls with STOP. A blocked prompt has its own reasons."""
    if not raw:
        return None
    if raw == "STOP":
        return "tool_calls" if called else "stop"
    return REASONS.get(raw.removeprefix(BLOCK), "content_filter" if BLOCK in raw else "other")


def call_id(call: Mapping[str, Any], body: Mapping[str, Any], index: int) -> str:
    """The call's id; where Gemini gave none, one made of the answer's id and the index."""
    return call.get("id") or f"local_{body.get('responseId') or ''}_{index}"


def _parts(part: Mapping[str, Any], body: Mapping[str, Any], index: int) -> Iterable[Part]:
    seal = sealed(NAME, part.get("thoughtSignature") or "")
    if call := part.get("functionCall"):
        yield ToolCall(
            id=call_id(call, body, index),
            name=call.get("name") or "",
            arguments=call.get("args") or {},
            signature=seal,
        )
    elif part.get("thought"):
        yield Thinking(text=part.get("text") or "", signature=seal)
    elif "text" in part:
        if part["text"]:
            yield Text(part["text"])
        if seal:
            yield Thinking(signature=seal)


class Stream:
    """One stream's events, as they come."""

    def __init__(self) -> None:
        self.finished = False
        self.over = False
        self.shown = False
        self.usage: Usage | None = None
        self._begun = False
        self._calls = 0
        self._headers: Mapping[str, str] = {}

    def open(self, headers: Mapping[str, str]) -> Iterable[StreamEvent]:
        self._headers = headers
        return ()

    def feed(self, frame: Frame) -> Iterable[StreamEvent]:
        chunk = frame.value
        if isinstance(chunk, list):  # an error of a frontend may come as a list of one
            chunk = chunk[0] if chunk else {}
        if not isinstance(chunk, dict):
            return (Noise(kind="unknown", detail="a chunk that is no object"),)
        if chunk.get("error"):
            raise InBand(chunk)
        return self._chunk(chunk)

    def _chunk(self, chunk: Mapping[str, Any]) -> Iterable[StreamEvent]:
        if not self._begun:
            self._begun = True
            yield Started(
                model=chunk.get("modelVersion") or "",
                id=chunk.get("responseId") or "",
                limits=rate_limits(self._headers),
            )
        candidates = chunk.get("candidates") or ()
        candidate = candidates[0] if candidates else {}
        for part in (candidate.get("content") or {}).get("parts") or ():
            for event in self._part(part, chunk):
                self.shown = True
                yield event
        raw = _raw_reason(candidate, chunk)
        if isinstance(counts := chunk.get("usageMetadata"), dict):
            self.usage = usage_of(counts)
            yield UsageEvent(self.usage, final=bool(raw))
        if raw and not self.finished:
            self.finished = True
            yield Finish(reason=_reason(raw, called=self._calls > 0), raw_reason=raw)

    def _part(self, part: Mapping[str, Any], chunk: Mapping[str, Any]) -> Iterable[StreamEvent]:
        for made in _parts(part, chunk, self._calls):
            match made:
                case Text(text=text):
                    yield TextDelta(text)
                case Thinking():
                    yield ThinkingDelta(text=made.text, signature=made.signature)
                case ToolCall():
                    yield ToolCallDelta(
                        index=self._calls,
                        id=made.id,
                        name=made.name,
                        arguments=json.dumps(dict(made.arguments)),
                        signature=made.signature,
                    )
                    self._calls += 1
