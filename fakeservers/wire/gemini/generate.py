"""generateContent and streamGenerateContent: whole answers, server-sent events, JSON arrays."""

import json
from collections.abc import Iterator
from typing import Any, Final

from ...canonical import CompletionResult
from .. import framing
from ..base import Answer, Frame, Frames, HttpRequest, Stamp
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

Chunks = tuple[list[str], bool]
"""GenerateContentResponses on one line each, and whether they carry output."""


def _events(chunks: Iterator[Chunks]) -> Iterator[Frames]:
    for texts, content in chunks:
        yield Frames(b"", [framing.encode(f"data: {text}\r\n\r\n") for text in texts], content)


def _failing_event(body: bytes, _sent: int) -> bytes:
    return b"data: " + framing.json_bytes(json.loads(body)) + b"\r\n\r\n"


def _failing_element(body: bytes, sent: int) -> bytes:
    """The error as the array's last element."""
    error = json.loads(body)
    before = "\n,\r\n" if sent else "["
    return framing.encode(before + pretty(error[0] if isinstance(error, list) else error) + "\n]")


def _array(chunks: Iterator[Chunks]) -> Iterator[Frame]:
    before = "["
    for texts, content in chunks:
        for text in texts:
            yield Frame(framing.encode(before + pretty(json.loads(text))), content)
            before = "\n,\r\n"
    yield Frame(b"\n]")


class _Stream:
    """The chunks of one answer. Each is a whole response with the parts that are new, the
    counts so far, and the same id; the last one of a candidate tells why it ended."""

    def __init__(self, request: GenerateRequest, result: CompletionResult, stamp: Stamp) -> None:
        look = traits(result.model)
        self._look = look
        metering = Metering(result.usage, look)
        self._prompt = result.usage.input_tokens
        self._visible = metering.visible
        self._candidates = [candidate(reply, request, look, stamp.ids) for reply in result.replies]
        identity = {"modelVersion": result.model, "responseId": _response_id(stamp)}
        ending = f"}},{one_line(identity)[1:]}"
        early, whole = _after_total(metering.whole())
        self._endings = {True: early + ending, False: whole + ending}
        self._thoughts = result.usage.reasoning_tokens

    def chunks(self) -> Iterator[Chunks]:
        every = [_runs(found) for found in self._candidates]
        steps = sum(len(run.parts) for runs in every for run in runs if run.counted)
        step = 0
        for index, (found, runs) in enumerate(zip(self._candidates, every, strict=True)):
            place = "" if self._look.old else f',"index": {index}'
            last = runs[-1].pop()
            for run in runs:
                # What the chunks have in common is put together once, not for every delta.
                before = '{"candidates": [{"content": {"parts": ['
                after = f'],"role": "model"}}{place}'
                usages = self._usages(run, step, steps)
                texts = [
                    f"{before}{part}{after}{usage}"
                    for part, usage in zip(run.parts, usages, strict=True)
                ]
                step += len(texts) * run.counted
                yield texts, run.content
            (usage,) = self._usages(last, step, steps)
            step += last.counted
            yield [self._last(found, index, last.parts[0], usage)], last.content

    def _last(self, found: Candidate, index: int, part: str, usage: str) -> str:
        content = f'{{"parts": [{part}],"role": "model"}}' if part else one_line(found.content([]))
        ending = one_line(found.ending(None if self._look.old else index))[1:-1]
        return f'{{"candidates": [{{"content": {content},{ending}{usage}'

    def _usages(self, run: "_Run", step: int, steps: int) -> list[str]:
        """The ends of the chunks of a run, from the candidate's closing brace on, as
        `Metering.so_far` has the counts; `step` of all `steps` came before."""
        counted, visible, rest = run.counted, self._visible, self._endings[run.thought]
        others = self._prompt + (0 if run.thought else self._thoughts)
        before = f'}}],"usageMetadata": {{"promptTokenCount": {self._prompt}'
        if not visible:
            return [f'{before},"totalTokenCount": {others}{rest}'] * len(run.parts)
        ends = []
        for _ in run.parts:
            step += counted
            so_far = visible * step // steps if steps else visible
            said = f',"candidatesTokenCount": {so_far}' if so_far else ""
            ends.append(f'{before}{said},"totalTokenCount": {others + so_far}{rest}')
        return ends


class _Run:
    """Parts in a row as text, ready for a chunk each. `counted`: their tokens are the
    candidate's."""

    __slots__ = ("content", "counted", "parts", "thought")

    def __init__(
        self, parts: list[str], *, thought: bool = False, counted: bool = True, content: bool = True
    ) -> None:
        self.parts = parts
        self.thought = thought
        self.counted = counted
        self.content = content

    def pop(self) -> "_Run":
        """The last part by itself, taken out."""
        last = [self.parts.pop()]
        return _Run(last, thought=self.thought, counted=self.counted, content=self.content)


def _runs(found: Candidate) -> list[_Run]:
    """The parts in the order in which they are streamed; at least one, each run with some."""
    runs = [_run(piece) for piece in found.pieces]
    if found.signature:
        signed = one_line({"text": "", "thoughtSignature": found.signature})
        runs.append(_Run([signed], counted=False, content=False))
    return runs or [_Run([""], counted=False, content=False)]


def _run(piece: Piece) -> _Run:
    """A function call comes whole, text in deltas."""
    if piece.call is not None:
        return _Run([one_line(piece.call)])
    end = ',"thought": true}' if piece.thought else "}"
    deltas = framing.deltas(piece.text, piece.chunks) or ("",)
    parts = [f'{{"text": {quote(delta)}{end}' for delta in deltas]
    return _Run(parts, thought=piece.thought, counted=not piece.thought)


def _after_total(whole: dict[str, Any]) -> tuple[str, str]:
    """The counts that do not grow, without and with the thoughts among them."""
    fixed = {name: value for name, value in whole.items() if name not in _GROWING}
    early = {name: value for name, value in fixed.items() if name != "thoughtsTokenCount"}
    return _tail(early), _tail(fixed)


_GROWING: Final = frozenset({"promptTokenCount", "candidatesTokenCount", "totalTokenCount"})


def _tail(fields: dict[str, Any]) -> str:
    return f",{one_line(fields)[1:-1]}" if fields else ""
