"""generateContent and streamGenerateContent: whole answers, server-sent events, JSON arrays."""

import json
from collections.abc import Iterator
from typing import Any, Final

from ...canonical import CompletionResult
from .. import framing
from ..base import Answer, Frame, HttpRequest, Stamp
from .bodies import JSON, answer, headers, json_answer, one_line, pretty, quote
from .candidates import Candidate, Piece, candidate
from .messages import GENERATE_CONTENT_REQUEST
from .protojson import read
from .request import GenerateRequest, generate_request
from .traits import Traits, traits
from .usage import Metering

__all__ = ["GenerateContent", "StreamGenerateContent"]

EVENT_STREAM: Final = "text/event-stream"


class GenerateContent:
    """POST {version}/models/{model}:generateContent."""

    def parse(self, http: HttpRequest) -> GenerateRequest:
        body, raw = read(http, GENERATE_CONTENT_REQUEST)
        return generate_request(http, body, raw, endpoint="models.generate_content")

    def render(self, request: GenerateRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        look = traits(result.model)
        return json_answer(
            stamp,
            {
                "candidates": [
                    _whole(candidate(reply, request, look, stamp.ids), index, look, stamp)
                    for index, reply in enumerate(result.replies)
                ],
                "usageMetadata": Metering(result.usage, look).whole(),
                "modelVersion": result.model,
                "responseId": _response_id(stamp),
            },
        )


class StreamGenerateContent:
    """POST {version}/models/{model}:streamGenerateContent; with `?alt=sse` server-sent events
    in CRLF (recorded 2025 and 2026), else one JSON array that grows."""

    def parse(self, http: HttpRequest) -> GenerateRequest:
        body, raw = read(http, GENERATE_CONTENT_REQUEST)
        return generate_request(
            http,
            body,
            raw,
            endpoint="models.stream_generate_content",
            framing="sse" if http.query.get("alt") == "sse" else "array",
        )

    def render(self, request: GenerateRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        stream = _Stream(request, result, stamp)
        if request.framing == "array":
            array = answer(stamp, _array(stream.chunks()), JSON)
            array.failing = _failing_element
            return array
        return Answer(
            headers=(*headers(stamp, EVENT_STREAM), ("content-disposition", "attachment")),
            body=_events(stream.chunks()),
            failing=_failing_event,
        )


def _response_id(stamp: Stamp) -> str:
    return stamp.ids.urlsafe(22)


def _whole(found: Candidate, index: int, look: Traits, stamp: Stamp) -> dict[str, Any]:
    ending = found.ending(None if look.old else index)
    body = {"content": found.content(found.parts()), "finishReason": ending.pop("finishReason")}
    if look.old and not found.blocked:
        body["avgLogprobs"] = -stamp.ids.integer(1_000, 400_000) / 1e6
    return {**body, **ending}


# --- streams ------------------------------------------------------------------------------

Chunk = tuple[str, bool]
"""One GenerateContentResponse on one line, and whether it carries output."""


def _events(chunks: Iterator[Chunk]) -> Iterator[Frame]:
    for text, content in chunks:
        yield Frame(framing.encode(f"data: {text}\r\n\r\n"), content)


def _failing_event(body: bytes, _sent: int) -> bytes:
    return b"data: " + framing.json_bytes(json.loads(body)) + b"\r\n\r\n"


def _failing_element(body: bytes, sent: int) -> bytes:
    """The error as the array's last element."""
    error = json.loads(body)
    before = "\n,\r\n" if sent else "["
    return framing.encode(before + pretty(error[0] if isinstance(error, list) else error) + "\n]")


def _array(chunks: Iterator[Chunk]) -> Iterator[Frame]:
    before = "["
    for text, content in chunks:
        yield Frame(framing.encode(before + pretty(json.loads(text))), content)
        before = "\n,\r\n"
    yield Frame(b"\n]")


class _Stream:
    """The chunks of one answer. Each is a whole response with the parts that are new, the
    counts so far, and the same id; the last one of a candidate tells why it ended."""

    def __init__(self, request: GenerateRequest, result: CompletionResult, stamp: Stamp) -> None:
        look = traits(result.model)
        self._look = look
        self._metering = Metering(result.usage, look)
        self._candidates = [candidate(reply, request, look, stamp.ids) for reply in result.replies]
        identity = {"modelVersion": result.model, "responseId": _response_id(stamp)}
        self._identity = one_line(identity)[1:]
        self._usage_rest = _after_total(self._metering.whole())
        self._thoughts = result.usage.reasoning_tokens

    def chunks(self) -> Iterator[Chunk]:
        runs = [_parts(found) for found in self._candidates]
        steps = sum(1 for run in runs for part in run if part.counted)
        step = 0
        for index, (found, run) in enumerate(zip(self._candidates, runs, strict=True)):
            # What the chunks have in common is put together once, not for every delta.
            open_part = '{"candidates": [{"content": {"parts": ['
            close_part = '],"role": "model"}'
            place = "" if self._look.old else f',"index": {index}'
            for part in run[:-1]:
                step += part.counted
                usage = self._usage(step, steps, part)
                yield f"{open_part}{part.text}{close_part}{place}{usage}", part.content
            last = run[-1]
            step += last.counted
            yield self._last(found, index, last, self._usage(step, steps, last)), last.content

    def _last(self, found: Candidate, index: int, part: "_Part", usage: str) -> str:
        content = (
            f'{{"parts": [{part.text}],"role": "model"}}'
            if part.text
            else one_line(found.content([]))
        )
        ending = one_line(found.ending(None if self._look.old else index))[1:-1]
        return f'{{"candidates": [{{"content": {content},{ending}{usage}'

    def _usage(self, step: int, steps: int, part: "_Part") -> str:
        """The end of a chunk, from the candidate's closing brace on."""
        metering = self._metering
        visible = metering.visible * step // steps if steps else metering.visible
        thoughts = 0 if part.thought else self._thoughts
        counts = metering.so_far(visible, thoughts)
        rest = self._usage_rest[bool(thoughts)]
        return f'}}],"usageMetadata": {one_line(counts)[:-1]}{rest}}},{self._identity}'


class _Part:
    """One part as text, ready for a chunk. `counted`: its tokens are the candidate's."""

    __slots__ = ("content", "counted", "text", "thought")

    def __init__(
        self, text: str, *, thought: bool = False, counted: bool = True, content: bool = True
    ) -> None:
        self.text = text
        self.thought = thought
        self.counted = counted
        self.content = content


def _parts(found: Candidate) -> list[_Part]:
    """The parts in the order in which they are streamed; at least one."""
    parts = [part for piece in found.pieces for part in _split(piece)]
    if found.signature:
        signed = one_line({"text": "", "thoughtSignature": found.signature})
        parts.append(_Part(signed, counted=False, content=False))
    return parts or [_Part("", counted=False, content=False)]


def _split(piece: Piece) -> Iterator[_Part]:
    """A function call comes whole, text in deltas."""
    if piece.call is not None:
        yield _Part(one_line(piece.call))
        return
    end = ',"thought": true}' if piece.thought else "}"
    for delta in framing.deltas(piece.text, piece.chunks) or ("",):
        text = f'{{"text": {quote(delta)}{end}'
        yield _Part(text, thought=piece.thought, counted=not piece.thought)


def _after_total(whole: dict[str, Any]) -> tuple[str, str]:
    """The counts that do not grow, without and with the thoughts among them."""
    fixed = {name: value for name, value in whole.items() if name not in _GROWING}
    early = {name: value for name, value in fixed.items() if name != "thoughtsTokenCount"}
    return _tail(early), _tail(fixed)


_GROWING: Final = frozenset({"promptTokenCount", "candidatesTokenCount", "totalTokenCount"})


def _tail(fields: dict[str, Any]) -> str:
    return f",{one_line(fields)[1:-1]}" if fields else ""
