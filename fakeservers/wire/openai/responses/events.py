"""The stream of a response: its life as numbered events, made from the finished response.

Grammar and field order as recorded up to August 2026: `type` first, the rest by name. A replay
of a stored response is the same stream.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ....rng import Ids
from ...base import Frame, Frames
from ...framing import deltas, dumps, encode, event, quote
from .body import in_progress, without_billing

__all__ = ["events"]

Chunks = Mapping[tuple[int, int], tuple[str, ...]]

PAD = 16
"""A delta and its obfuscation are together a multiple of so many characters long."""

NOISE_CHARS = 64


def events(
    response: Mapping[str, Any],
    *,
    chunks: Chunks | None = None,
    tier: str | None = None,
    noise: Ids | None = None,
) -> Iterator[Frame | Frames]:
    """All events of a finished response. `chunks` are the deltas of texts that a script cut
    itself, by item and content index; `tier` the service tier that was asked for; without
    `noise` no delta is padded."""
    writing = _Writing(noise.base62(NOISE_CHARS) if noise else "")
    return _events(writing, response, chunks or {}, tier)


def _events(
    writing: "_Writing", response: Mapping[str, Any], chunks: Chunks, tier: str | None
) -> Iterator[Frame | Frames]:
    opening = ["created", "in_progress"]
    if response["background"]:
        opening.insert(1, "queued")
    for name in opening:
        status = "in_progress" if name == opening[-1] or len(opening) == 2 else "queued"
        yield writing.frame(f"response.{name}", response=in_progress(response, status, tier))
    for index, item in enumerate(response["output"]):
        yield from _item(writing, index, item, chunks)
    yield writing.frame(f"response.{response['status']}", response=without_billing(response))


class _Writing:
    """Numbers the events and puts them into frames."""

    def __init__(self, noise: str) -> None:
        self._number = 0
        self._noise = noise

    def frame(self, kind: str, **fields: Any) -> Frame:
        fields["sequence_number"] = self._number
        self._number += 1
        told = {"type": kind, **{name: fields[name] for name in sorted(fields)}}
        return Frame(event(kind, dumps(told)))

    def deltas(
        self,
        kind: str,
        texts: Sequence[str],
        where: Mapping[str, Any],
        probabilities: list[Any] | None = None,
    ) -> Frames:
        """One event a text. All that does not change is put together once: a stream is mostly
        deltas."""
        before = {name: where[name] for name in ("content_index",) if name in where}
        head = f'event: {kind}\ndata: {dumps({"type": kind, **before})[:-1]},"delta":'
        item = f',"item_id":{quote(where["item_id"])}'
        if probabilities is not None:
            item += ',"logprobs":[]'
        place = f',"output_index":{where["output_index"]},"sequence_number":'
        tail = f',"summary_index":{where["summary_index"]}}}' if "summary_index" in where else "}"
        told = [item] * len(texts)
        if probabilities:
            each = (probabilities[index : index + 1] for index in range(len(texts)))
            told = [item[:-2] + dumps(one) for one in each]
        first, noise = self._number, self._noise
        self._number += len(texts)
        padded = [_obfuscation(noise, text, n) for n, text in enumerate(texts, first)]
        return Frames(
            b"",
            [
                encode(f"{head}{quote(text)}{said}{pad}{place}{number}{tail}\n\n")
                for number, (text, said, pad) in enumerate(
                    zip(texts, told, padded, strict=True), first
                )
            ],
        )


def _obfuscation(noise: str, text: str, number: int) -> str:
    if not noise:
        return ""
    length = PAD - len(text) % PAD
    start = number * 7 % (NOISE_CHARS - PAD)
    return f',"obfuscation":"{noise[start : start + length]}"'


# --- items ------------------------------------------------------------------------------


def _item(
    writing: _Writing, index: int, item: Mapping[str, Any], chunks: Chunks
) -> Iterator[Frame | Frames]:
    write, empty = _ITEMS.get(item["type"], (_nothing, {}))
    begun = {**item, **empty}
    if "status" in begun:
        begun["status"] = "in_progress"
    yield writing.frame("response.output_item.added", item=begun, output_index=index)
    yield from write(writing, index, item, chunks)
    yield writing.frame("response.output_item.done", item=item, output_index=index)


def _message(
    writing: _Writing, index: int, item: Mapping[str, Any], chunks: Chunks
) -> Iterator[Frame | Frames]:
    for number, part in enumerate(item["content"]):
        where = {"content_index": number, "item_id": item["id"], "output_index": index}
        name = "refusal" if part["type"] == "refusal" else "text"
        empty = {**part, name: ""}
        if name == "text":
            empty["logprobs"] = []
        yield writing.frame("response.content_part.added", part=empty, **where)
        if name == "text":
            yield from _text(writing, part, where, chunks.get((index, number), ()))
        else:
            texts = deltas(part["refusal"])
            yield writing.deltas("response.refusal.delta", texts, where)
            yield writing.frame("response.refusal.done", refusal=part["refusal"], **where)
        done = {**part, "logprobs": []} if name == "text" else part
        yield writing.frame("response.content_part.done", part=done, **where)


def _text(
    writing: _Writing, part: Mapping[str, Any], where: Mapping[str, Any], chunks: tuple[str, ...]
) -> Iterator[Frame | Frames]:
    texts, probabilities = deltas(part["text"], chunks), part["logprobs"]
    yield writing.deltas("response.output_text.delta", texts, where, probabilities)
    yield writing.frame(
        "response.output_text.done", logprobs=probabilities, text=part["text"], **where
    )


def _reasoning(
    writing: _Writing, index: int, item: Mapping[str, Any], chunks: Chunks
) -> Iterator[Frame | Frames]:
    for number, part in enumerate(item["summary"]):
        where = {"item_id": item["id"], "output_index": index, "summary_index": number}
        kind = "response.reasoning_summary"
        yield writing.frame(f"{kind}_part.added", part={**part, "text": ""}, **where)
        yield writing.deltas(f"{kind}_text.delta", deltas(part["text"]), where)
        yield writing.frame(f"{kind}_text.done", text=part["text"], **where)
        yield writing.frame(f"{kind}_part.done", part=part, **where)


def _function_call(
    writing: _Writing, index: int, item: Mapping[str, Any], chunks: Chunks
) -> Iterator[Frame | Frames]:
    where, text = {"item_id": item["id"], "output_index": index}, item["arguments"]
    kind = "response.function_call_arguments"
    yield writing.deltas(f"{kind}.delta", deltas(text), where)
    yield writing.frame(f"{kind}.done", arguments=text, **where)


def _custom_call(
    writing: _Writing, index: int, item: Mapping[str, Any], chunks: Chunks
) -> Iterator[Frame | Frames]:
    where, text = {"item_id": item["id"], "output_index": index}, item["input"]
    kind = "response.custom_tool_call_input"
    yield writing.deltas(f"{kind}.delta", deltas(text), where)
    yield writing.frame(f"{kind}.done", input=text, **where)


def _nothing(
    writing: _Writing, index: int, item: Mapping[str, Any], chunks: Chunks
) -> Iterator[Frame | Frames]:
    return iter(())


# How each type of item is written, and the fields that are empty when it is added.
_ITEMS: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "message": (_message, {"content": []}),
    "reasoning": (_reasoning, {"summary": []}),
    "function_call": (_function_call, {"arguments": ""}),
    "custom_tool_call": (_custom_call, {"input": ""}),
}
