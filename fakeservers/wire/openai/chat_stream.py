"""The stream of a chat completion: data-only events, chunks that repeat the head, `[DONE]`.

Order of chunks and fields as recorded in 2025 and 2026.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from ...canonical import ChatRequest, CompletionResult, Refusal, Reply, Text, ToolCall
from ...rng import Ids, Seed
from ..base import Frame, Frames
from ..framing import SSE_DONE, deltas, dumps, encode, quote, tails
from .choice import (
    arguments,
    custom_tools,
    finish_reason,
    free_text,
    has_logprobs,
    is_legacy,
    shown,
)
from .interleaving import interleaved
from .logprobs import tokens
from .moderations import judgements, listed
from .usage import chat_usage

__all__ = ["chunks", "stream"]

PADDING = 16
"""Longest `obfuscation`; its length varies so that a chunk's size tells nothing."""

ENDS_REMEMBERED_MAX = 64


def stream(start: str, told: Sequence[Frames]) -> list[Frame | Frames]:
    """The frames of an answer: `chunks`, each after the fields that all of them repeat."""
    head = encode(f"data: {start},")
    frames: list[Frame | Frames] = [Frames(head, run.tails, run.content) for run in told]
    frames.append(Frame(SSE_DONE))
    return frames


def chunks(
    request: ChatRequest, replies: Sequence[Reply], result: CompletionResult, ids: Ids
) -> tuple[Frames, ...]:
    """What the chunks of an answer say after the fields that all of them repeat; several choices
    take turns. Every call has its id."""
    options = request.raw.get("stream_options")
    writing = _Writing(request, result, options if isinstance(options, dict) else {})
    choices = [_choice(request, reply, index, writing, ids) for index, reply in enumerate(replies)]
    if len(choices) == 1:
        told = list(choices[0])
    else:
        told = [Frames(b"", (frame.data,), frame.content) for frame in interleaved(choices)]
    if writing.with_usage:
        told.append(writing.rest(f'"usage":{dumps(chat_usage(result.usage))}'))
    if request.judged_by:
        nothing = ',"usage":null' if writing.with_usage else ""
        judged = dumps(listed(judgements(request, result)))
        told.append(writing.rest(f'"moderation":{judged}{nothing}'))
    return tuple(told)


def _choice(
    request: ChatRequest, reply: Reply, index: int, writing: "_Writing", ids: Ids
) -> Iterator[Frames]:
    content, _ = shown(reply)
    calls = _Calls(request, reply)
    first: dict[str, Any] = {"role": "assistant", "content": None if content is None else ""}
    # Recorded: a lone call is opened in the first chunk; before several stand only these two.
    opened = content is None and len(calls.openers) == 1
    if opened:
        first |= calls.openers[0]
    if len(calls.openers) < 2:
        first["refusal"] = None
    yield writing.chunk(index, dumps(first))
    scored = bool(request.raw.get("logprobs"))
    for part in reply.parts:
        if isinstance(part, Text | Refusal):
            key = "content" if isinstance(part, Text) else "refusal"
            given = part.chunks if isinstance(part, Text) else ()
            if scored:
                pieces = deltas(part.text, given)
                scores = [tokens(request, piece, ids) for piece in pieces]
                yield writing.scored(index, key, pieces, scores)
            else:
                yield writing.texts(index, key, part.text, given)
    for opener, parts in zip(calls.openers, calls.pieces, strict=True):
        if not opened:
            yield writing.chunk(index, dumps(opener), content=True)
        for delta in parts:
            yield writing.chunk(index, delta, content=True)
    yield writing.chunk(index, "{}", finish=finish_reason(request, reply))


class _Calls:
    """The deltas of a reply's calls: for each one that opens it, and those of its arguments."""

    def __init__(self, request: ChatRequest, reply: Reply) -> None:
        self.openers: list[dict[str, Any]] = []
        self.pieces: list[Iterator[str]] = []
        if not (calls := reply.tool_calls):
            return
        if is_legacy(request):
            (call, *_) = calls
            self.openers.append({"function_call": {"name": call.name, "arguments": ""}})
            self.pieces.append(_pieces('{"function_call":{"arguments":', arguments(call), "}}"))
            return
        custom = custom_tools(request)
        for nth, call in enumerate(calls):
            self._add(nth, call, call.name in custom)

    def _add(self, nth: int, call: ToolCall, is_custom: bool) -> None:
        kind, key = ("custom", "input") if is_custom else ("function", "arguments")
        said = {"index": nth, "id": call.id, "type": kind, kind: {"name": call.name, key: ""}}
        self.openers.append({"tool_calls": [said]})
        text = free_text(call) if is_custom else arguments(call)
        start = f'{{"tool_calls":[{{"index":{nth},"{kind}":{{"{key}":'
        self.pieces.append(_pieces(start, text, "}}]}"))


def _pieces(start: str, text: str, end: str) -> Iterator[str]:
    return (f"{start}{quote(piece)}{end}" for piece in deltas(text))


class _Writing:
    """Writes chunks as they stand after what all of them repeat."""

    def __init__(
        self, request: ChatRequest, result: CompletionResult, options: dict[str, Any]
    ) -> None:
        self.with_usage = bool(options.get("include_usage"))
        self._logprobs = '"logprobs":null,' if has_logprobs(result.model) else ""
        self._usage = ',"usage":null' if self.with_usage else ""
        self._padded = options.get("include_obfuscation") is not False
        self._ends = _ends("", self._padded)
        self._nth = 0

    def chunk(
        self, index: int, delta: str, *, finish: str | None = None, content: bool = False
    ) -> Frames:
        reason = f'"{finish}"' if finish else "null"
        text = (
            f'"choices":[{{"index":{index},"delta":{delta},{self._logprobs}'
            f'"finish_reason":{reason}}}]{self._usage}{self._end()}'
        )
        return Frames(b"", (encode(text),), content)

    def texts(self, index: int, key: str, text: str, given: tuple[str, ...]) -> Frames:
        """A chunk for each delta of a text."""
        start = f'"choices":[{{"index":{index},"delta":{{"{key}":'
        close = f'}},{self._logprobs}"finish_reason":null}}]{self._usage}'
        return Frames(b"", tails(text, given, _ends(close, self._padded), start))

    def scored(
        self, index: int, key: str, pieces: Sequence[str], scores: list[list[dict[str, Any]]]
    ) -> Frames:
        """A chunk for each piece of text with its log probabilities."""
        close = f'"finish_reason":null}}]{self._usage}'
        written = []
        for piece, score in zip(pieces, scores, strict=True):
            told = dumps({"content": None, "refusal": None, key: score})
            start = f'"choices":[{{"index":{index},"delta":{{"{key}":{quote(piece)}'
            written.append(encode(f'{start}}},"logprobs":{told},{close}{self._end()}'))
        return Frames(b"", written)

    def rest(self, fields: str) -> Frames:
        """A chunk of no choice, with what is told once of all."""
        return Frames(b"", (encode(f'"choices":[],{fields}{self._end()}'),), False)

    def _end(self) -> str:
        self._nth += 1
        return self._ends[self._nth % len(self._ends)]


@lru_cache(maxsize=ENDS_REMEMBERED_MAX)
def _ends(close: str, padded: bool) -> tuple[str, ...]:
    """Ends of chunks after what closes them, each with padding of another length; they are used
    in turn."""
    if not padded:
        return (f"{close}}}\n\n",)
    padding = Seed("obfuscation").ids().base62(PADDING * 2)
    lengths = [nth * 11 % PADDING for nth in range(1, PADDING + 1)]
    texts = [padding[length:][:length] for length in lengths]
    return tuple([f'{close},"obfuscation":"{text}"}}\n\n' for text in texts])
