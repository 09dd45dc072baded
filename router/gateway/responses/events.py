"""A stream of the Responses API: events in OpenAI's order, numbered from 0. Nothing of requests.

Forms as in openai 3.54, `types/responses/response_*_event.py`. An item is open at a time: it is
added, told piece by piece, and done, whole, before the next one is added.
"""

from dataclasses import dataclass, field
from typing import Any

from ...types import (
    Finish,
    Gap,
    Seam,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Usage,
    UsageEvent,
)
from ..encoding import json_bytes
from ..openai.write import error_body
from ..values import Asked, Head, Problem
from .write import call_item, ending, message_item, reasoning_item, response_body, said, seal_of

__all__ = ["EventWriter"]


@dataclass(slots=True, kw_only=True)
class _Open:
    """The item that is being told. `kind` is "text", "reasoning", or the number of a call."""

    kind: str
    pieces: list[str] = field(default_factory=list)
    seal: str = ""
    call_id: str = ""
    name: str = ""


class EventWriter:
    """One stream."""

    def __init__(self, asked: Asked, head: Head) -> None:
        self._asked = asked
        self._head = head
        self._number = 0
        self._open: _Open | None = None
        self._output: list[dict[str, Any]] = []
        self._usage: Usage | None = None
        self._finish: Finish | None = None

    def feed(self, event: StreamEvent) -> bytes:
        opening = b"" if self._number else self._start()
        return opening + self._event(event)

    def end(self) -> bytes:
        """The open item's end, and the whole response."""
        opening = b"" if self._number else self._start()
        finish = self._finish
        # What was shown as text is not called a refusal in the end, so that the reason tells it.
        raw = "" if finish is None or finish.reason == "refusal" else finish.raw_reason
        ended = ending(finish.reason if finish else None, raw)
        closed = self._close("completed" if ended[0] == "completed" else "incomplete")
        body = self._response(ended=ended, output=self._output, usage=self._usage)
        return opening + closed + self._sse(f"response.{ended[0]}", response=body)

    def failed(self, problem: Problem) -> bytes:
        """OpenAI's `error` event, and in it the error as bodies have it, which its SDK raises."""
        error = error_body(problem, self._head.call_id)["error"]
        told = {name: error[name] for name in ("code", "message", "param")}
        return self._sse("error", **told, error=error)

    def _start(self) -> bytes:
        body = self._response()
        begun = self._sse("response.created", response=body)
        return begun + self._sse("response.in_progress", response=body)

    def _response(self, **more: Any) -> dict[str, Any]:
        return response_body(self._asked, self._head, self._head.model, **more)

    def _event(self, event: StreamEvent) -> bytes:
        match event:
            case TextDelta(text=text) if text:
                return self._told(text)
            case ThinkingDelta():
                return self._thought(event)
            case ToolCallDelta():
                return self._called(event)
            case UsageEvent(usage=usage):
                self._usage = usage
            case Finish():
                self._finish = event
            case Gap(detail=detail):
                return self._note({"gap": detail})
            case Seam():
                moved = {"from": event.from_target, "to": event.to_target, "cause": event.cause}
                return self._note({"seam": moved})
        return b""

    def _note(self, told: dict[str, Any]) -> bytes:
        """An event without a piece of the answer, which every reader knows."""
        return self._sse("response.in_progress", response=self._response(), llmsim=told)

    def _told(self, text: str) -> bytes:
        opened = b""
        if not self._is_open("text"):
            opened = self._add(_Open(kind="text"))
            place = self._place(content_index=0)
            opened += self._sse("response.content_part.added", part=said(""), **place)
        return opened + self._delta("response.output_text", text, content_index=0, logprobs=[])

    def _thought(self, event: ThinkingDelta) -> bytes:
        """A seal ends the reasoning that it is of."""
        if not (event.text or event.signature or event.redacted):
            return b""
        opened = b""
        if event.redacted or not self._is_open("reasoning"):
            opened = self._add(_Open(kind="reasoning"))
        item = self._item
        if event.text:
            if not item.pieces:
                part = {"type": "summary_text", "text": ""}
                place = self._place(summary_index=0)
                opened += self._sse("response.reasoning_summary_part.added", part=part, **place)
            opened += self._delta("response.reasoning_summary_text", event.text, summary_index=0)
        item.seal = seal_of(event.signature, event.redacted)
        return opened + (self._close() if item.seal else b"")

    def _called(self, event: ToolCallDelta) -> bytes:
        """Raises RuntimeError for fragments of two calls mixed, as an item is open at a time."""
        kind, opened = f"call {event.index}", b""
        if not self._is_open(kind):
            if not (event.id or event.name):
                raise RuntimeError("the provider mixed the fragments of two tool calls")
            opened = self._add(_Open(kind=kind, call_id=event.id, name=event.name))
        self._item.seal = event.signature or self._item.seal
        if event.arguments:
            opened += self._delta("response.function_call_arguments", event.arguments)
        return opened

    # Items

    @property
    def _item(self) -> _Open:
        assert self._open is not None
        return self._open

    def _is_open(self, kind: str) -> bool:
        return self._open is not None and self._open.kind == kind

    def _add(self, item: _Open) -> bytes:
        closed = self._close()
        self._open = item
        begun = self._made("in_progress", empty=True)
        index = len(self._output)
        return closed + self._sse("response.output_item.added", item=begun, output_index=index)

    def _made(self, status: str, *, empty: bool = False) -> dict[str, Any]:
        """The open item as the API has it, with what was told of it so far, or without."""
        item, number = self._item, len(self._output)
        text = "" if empty else "".join(item.pieces)
        match item.kind:
            case "text":
                content = [] if empty else [said(text)]
                return message_item(self._head, number, content, status)
            case "reasoning":
                return reasoning_item(self._head, number, text, item.seal)
        return call_item(self._head, number, item.call_id, item.name, text, item.seal, status)

    def _place(self, **more: Any) -> dict[str, Any]:
        made = self._made("in_progress", empty=True)
        return {"item_id": made["id"], "output_index": len(self._output), **more}

    def _delta(self, kind: str, text: str, **more: Any) -> bytes:
        self._item.pieces.append(text)
        return self._sse(f"{kind}.delta", delta=text, **self._place(**more))

    def _close(self, status: str = "completed") -> bytes:
        """The open item is done after these bytes. Only the last one can be incomplete."""
        if self._open is None:
            return b""
        item, made = self._open, self._made(status)
        text, index = "".join(item.pieces), len(self._output)
        told = b""
        if item.kind == "text":
            place = self._place(content_index=0)
            told = self._sse("response.output_text.done", text=text, logprobs=[], **place)
            told += self._sse("response.content_part.done", part=said(text), **place)
        elif item.kind == "reasoning" and text:
            place, part = self._place(summary_index=0), {"type": "summary_text", "text": text}
            told = self._sse("response.reasoning_summary_text.done", text=text, **place)
            told += self._sse("response.reasoning_summary_part.done", part=part, **place)
        elif item.kind != "reasoning":
            place = self._place()
            told = self._sse("response.function_call_arguments.done", arguments=text, **place)
        self._output.append(made)
        self._open = None
        return told + self._sse("response.output_item.done", item=made, output_index=index)

    def _sse(self, type: str, **fields: Any) -> bytes:
        numbered = {"type": type, **fields, "sequence_number": self._number}
        self._number += 1
        return f"event: {type}\ndata: ".encode() + json_bytes(numbered) + b"\n\n"
