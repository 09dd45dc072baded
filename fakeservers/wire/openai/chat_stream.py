"""The stream of a chat completion: data-only events, chunks that repeat the head, `[DONE]`.

Order of chunks and fields as recorded in 2025 and 2026.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ...canonical import ChatRequest, CompletionResult, Refusal, Reply, Text, ToolCall
from ...rng import Ids
from ..base import Frame, Frames
from ..framing import SSE_DONE, deltas, dumps, encode, quote, quoted
from .choice import Head, arguments, custom_tools, finish_reason, free_text, is_legacy, shown
from .interleaving import interleaved
from .logprobs import tokens
from .moderations import judgements, listed
from .usage import chat_usage

__all__ = ["stream"]

PADDING = 16
"""Longest `obfuscation`; its length varies so that a chunk's size tells nothing."""


def stream(
    request: ChatRequest,
    replies: tuple[Reply, ...],
    result: CompletionResult,
    head: Head,
    ids: Ids,
) -> Iterator[Frame | Frames]:
    """The frames of the answer; several choices take turns. Every call of `replies` has its id."""
    options = request.raw.get("stream_options")
    chunk = _Chunk(head, options if isinstance(options, dict) else {}, ids)
    choices = [_choice(request, reply, index, chunk, ids) for index, reply in enumerate(replies)]
    yield from choices[0] if len(choices) == 1 else interleaved(choices)
    if chunk.with_usage:
        yield chunk.rest(f'"usage":{dumps(chat_usage(result.usage))}')
    if request.judged_by:
        nothing = ',"usage":null' if chunk.with_usage else ""
        yield chunk.rest(f'"moderation":{dumps(listed(judgements(request, result)))}{nothing}')
    yield Frame(SSE_DONE)


def _choice(
    request: ChatRequest, reply: Reply, index: int, chunk: "_Chunk", ids: Ids
) -> Iterator[Frame | Frames]:
    content, _ = shown(reply)
    calls = _Calls(request, reply)
    first: dict[str, Any] = {"role": "assistant", "content": None if content is None else ""}
    # Recorded: a lone call is opened in the first chunk; before several stand only these two.
    opened = content is None and len(calls.openers) == 1
    if opened:
        first |= calls.openers[0]
    if len(calls.openers) < 2:
        first["refusal"] = None
    yield chunk.frame(index, dumps(first))
    scored = bool(request.raw.get("logprobs"))
    for part in reply.parts:
        if isinstance(part, Text | Refusal):
            key = "content" if isinstance(part, Text) else "refusal"
            chunks = part.chunks if isinstance(part, Text) else ()
            if scored:
                pieces = deltas(part.text, chunks)
                scores = [tokens(request, piece, ids) for piece in pieces]
                yield from chunk.scored(index, key, pieces, scores)
            else:
                yield chunk.texts(index, key, quoted(part.text, chunks))
    for opener, parts in zip(calls.openers, calls.pieces, strict=True):
        if not opened:
            yield chunk.frame(index, dumps(opener), content=True)
        for delta in parts:
            yield chunk.frame(index, delta, content=True)
    yield chunk.frame(index, "{}", finish=finish_reason(request, reply))


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


class _Chunk:
    """Builds the chunks of one stream: what they share is put into text once."""

    def __init__(self, head: Head, options: dict[str, Any], ids: Ids) -> None:
        self.with_usage = bool(options.get("include_usage"))
        shared = dumps(
            {
                "id": head.id,
                "object": "chat.completion.chunk",
                "created": head.created,
                "model": head.model,
                "service_tier": head.service_tier,
                "system_fingerprint": head.fingerprint,
            }
        )
        self._start = f"data: {shared[:-1]},"
        self._logprobs = '"logprobs":null,' if head.has_logprobs else ""
        self._usage = ',"usage":null' if self.with_usage else ""
        self._ends = _ends(ids) if options.get("include_obfuscation") is not False else ["}\n\n"]
        self._nth = 0

    def frame(
        self, index: int, delta: str, *, finish: str | None = None, content: bool = False
    ) -> Frame:
        reason = f'"{finish}"' if finish else "null"
        text = (
            f'{self._start}"choices":[{{"index":{index},"delta":{delta},{self._logprobs}'
            f'"finish_reason":{reason}}}]{self._usage}{self._end()}'
        )
        return Frame(encode(text), content)

    def texts(self, index: int, key: str, pieces: Sequence[bytes]) -> Frames:
        """A frame for each piece of text, given as JSON."""
        start = encode(f'{self._start}"choices":[{{"index":{index},"delta":{{"{key}":')
        close = f'}},{self._logprobs}"finish_reason":null}}]{self._usage}'
        return Frames(start, pieces, [encode(close + end) for end in self._ends])

    def scored(
        self, index: int, key: str, pieces: Sequence[str], scores: list[list[dict[str, Any]]]
    ) -> Iterator[Frame]:
        """A frame for each piece of text with its log probabilities."""
        start = encode(f'{self._start}"choices":[{{"index":{index},"delta":{{"{key}":')
        close = f'"finish_reason":null}}]{self._usage}'
        for piece, score in zip(pieces, scores, strict=True):
            told = dumps({"content": None, "refusal": None, key: score})
            rest = f'}},"logprobs":{told},{close}{self._end()}'
            yield Frame(start + encode(quote(piece) + rest), True)

    def rest(self, fields: str) -> Frame:
        """A chunk of no choice, with what is told once of all."""
        return Frame(encode(f'{self._start}"choices":[],{fields}{self._end()}'))

    def _end(self) -> str:
        self._nth += 1
        return self._ends[self._nth % len(self._ends)]


def _ends(ids: Ids) -> list[str]:
    """Ends of chunks, each with padding of another length; they are used in turn."""
    padding = ids.base62(PADDING * 2)
    lengths = [nth * 11 % PADDING for nth in range(1, PADDING + 1)]
    return [f',"obfuscation":"{padding[length:][:length]}"}}\n\n' for length in lengths]
