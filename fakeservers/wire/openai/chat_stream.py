"""The stream of a chat completion: data-only events, chunks that repeat the head, `[DONE]`.

Order of chunks and fields as recorded in 2025 and 2026.
"""

from collections.abc import Iterator
from typing import Any

from ...canonical import ChatRequest, CompletionResult, Refusal, Reply, Text
from ...rng import Ids
from ..base import Frame
from ..framing import SSE_DONE, deltas, dumps, encode, quote
from .choice import Head, arguments, call_id, finish_reason, is_legacy, shown
from .logprobs import logprobs
from .usage import chat_usage

__all__ = ["stream"]

PADDING = 16
"""Longest `obfuscation`; its length varies so that a chunk's size tells nothing."""


def stream(request: ChatRequest, result: CompletionResult, head: Head, ids: Ids) -> Iterator[Frame]:
    """The frames of the answer, one choice after the other."""
    options = request.raw.get("stream_options")
    chunk = _Chunk(head, options if isinstance(options, dict) else {}, ids)
    for index, reply in enumerate(result.replies):
        yield from _choice(request, reply, index, chunk, ids)
    if chunk.with_usage:
        yield chunk.usage(dumps(chat_usage(result.usage)))
    yield Frame(SSE_DONE)


def _choice(
    request: ChatRequest, reply: Reply, index: int, chunk: "_Chunk", ids: Ids
) -> Iterator[Frame]:
    calls = reply.tool_calls
    legacy = is_legacy(request)
    openers = [
        {
            "index": nth,
            "id": call_id(call, ids),
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
        for nth, call in enumerate(calls)
    ]
    content, _ = shown(reply)
    first: dict[str, Any] = {"role": "assistant", "content": None if content is None else ""}
    if content is None and len(openers) == 1 and not legacy:
        first["tool_calls"] = openers
    if len(openers) < 2:
        first["refusal"] = None
    yield chunk.frame(index, dumps(first))
    scores = logprobs(request, reply, ids)["content"] if request.raw.get("logprobs") else None
    for part in reply.parts:
        if isinstance(part, Text):
            yield from chunk.texts(index, "content", deltas(part.text, part.chunks), scores)
        elif isinstance(part, Refusal):
            yield from chunk.texts(index, "refusal", deltas(part.text), None)
    for nth, call in enumerate(calls):
        if legacy:
            opener = {"function_call": {"name": call.name, "arguments": ""}}
            yield chunk.frame(index, dumps(opener), content=True)
        elif "tool_calls" not in first:
            yield chunk.frame(index, dumps({"tool_calls": [openers[nth]]}), content=True)
        for piece in deltas(arguments(call)):
            function = {"arguments": piece}
            delta = (
                {"function_call": function}
                if legacy
                else {"tool_calls": [{"index": nth, "function": function}]}
            )
            yield chunk.frame(index, dumps(delta), content=True)
    yield chunk.frame(index, "{}", finish=finish_reason(request, reply))


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
        self._padding = (
            ids.base62(PADDING * 2) if options.get("include_obfuscation") is not False else ""
        )
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

    def texts(
        self, index: int, key: str, pieces: list[str] | tuple[str, ...], scores: Any
    ) -> Iterator[Frame]:
        """A frame for each piece of text; `scores` are its log probabilities, if asked for."""
        before = f'{self._start}"choices":[{{"index":{index},"delta":{{"{key}":'
        for nth, piece in enumerate(pieces):
            score = self._logprobs
            if scores is not None:
                score = f'"logprobs":{dumps({"content": scores[nth : nth + 1], "refusal": None})},'
            after = f'}},{score}"finish_reason":null}}]{self._usage}{self._end()}'
            yield Frame(encode(before + quote(piece) + after), True)

    def usage(self, usage: str) -> Frame:
        return Frame(encode(f'{self._start}"choices":[],"usage":{usage}{self._end()}'))

    def _end(self) -> str:
        if not self._padding:
            return "}\n\n"
        self._nth += 1
        at = self._nth * 5 % PADDING
        return f',"obfuscation":"{self._padding[at : at + self._nth * 11 % PADDING]}"}}\n\n'
