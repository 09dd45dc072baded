"""A Message as server-sent events: `message_start`, each block's start, deltas and stop,
`message_delta`, `message_stop`. Grammar as recorded in 2026.

Before the last brace of every event but a ping stand 0 to 15 spaces, as if at random.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...canonical import ChatRequest, CompletionResult, Text, Thinking, ToolCall
from ...rng import Ids
from ..base import Frame, Frames
from ..framing import dumps, encode, tails
from .blocks import Block, is_newest, message, message_id, stop, usage

__all__ = ["frames"]

PING: Final = Frame(b'event: ping\ndata: {"type": "ping"}\n\n')

_PADDED: Final = {f"{spaces:x}": f"{' ' * spaces}}}\n\n" for spaces in range(16)}
"""The end of an event, by a hexadecimal digit: that many spaces, the brace, the blank line."""

_DELTA_ENDS: Final = tuple(f"}}{_PADDED[f'{nth * 11 % 16:x}']}" for nth in range(1, 17))
"""Ends of deltas, which take turns."""


def frames(
    request: ChatRequest, result: CompletionResult, blocks: Sequence[Block], ids: Ids
) -> Iterator[Frame | Frames]:
    """The events of an answer. The first ping follows the first block's start."""
    total = usage(request, result)
    newest = is_newest(request)
    first = _first_usage(total, ids)
    begun = message(result, [], None, first, id=message_id(ids), newest=newest)
    yield _event("message_start", {"message": begun}, ids)
    for index, block in enumerate(blocks):
        start = {"index": index, "content_block": _opened(block)}
        yield _event("content_block_start", start, ids)
        if index == 0:
            yield PING
        yield from _block_deltas(index, block, ids)
        yield _event("content_block_stop", {"index": index}, ids)
    stopped = {**stop(result.reply), **({"container": None} if newest else {})}
    end = {"delta": stopped, "usage": _last_usage(total)}
    yield _event("message_delta", end, ids)
    yield _event("message_stop", {}, ids)


def _event(name: str, fields: Mapping[str, Any], ids: Ids) -> Frame:
    data = dumps({"type": name, **fields})
    return Frame(encode(f"event: {name}\ndata: {data[:-1]}{_PADDED[ids.hex(1)]}"))


def _first_usage(total: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    """The counts at the start: the few tokens that are already there."""
    left_out = ("output_tokens_details", "server_tool_use")
    first = {name: value for name, value in total.items() if name not in left_out}
    return {**first, "output_tokens": min(total["output_tokens"], ids.integer(1, 8))}


def _last_usage(total: Mapping[str, Any]) -> dict[str, Any]:
    left_out = ("cache_creation", "service_tier", "inference_geo")
    return {name: value for name, value in total.items() if name not in left_out}


def _opened(block: Block) -> Mapping[str, Any]:
    """The block before its first delta. A block without deltas arrives whole."""
    match block.part:
        case Text():
            return {**block.value, "text": ""}
        case Thinking():
            return {**block.value, "thinking": "", "signature": ""}
        case ToolCall():
            return {**block.value, "input": {}}
    return block.value


def _block_deltas(index: int, block: Block, ids: Ids) -> Iterator[Frame | Frames]:
    match block.part:
        case Text(text=text, chunks=chunks):
            yield _deltas(index, "text_delta", "text", text, chunks)
        case Thinking():
            thought = block.value["thinking"]
            # Recorded: where it is omitted, one empty delta.
            yield _deltas(index, "thinking_delta", "thinking", thought, () if thought else ("",))
            signature = {"type": "signature_delta", "signature": block.value["signature"]}
            yield _event("content_block_delta", {"index": index, "delta": signature}, ids)
        case ToolCall(arguments=arguments):
            # The first fragment is always empty, and the only one when there are no arguments.
            empty = {"type": "input_json_delta", "partial_json": ""}
            yield _event("content_block_delta", {"index": index, "delta": empty}, ids)
            said = _arguments_text(arguments)
            yield _deltas(index, "input_json_delta", "partial_json", said)


def _arguments_text(arguments: Mapping[str, Any] | str) -> str:
    if isinstance(arguments, str):
        return arguments
    return json.dumps(arguments, ensure_ascii=False) if arguments else ""


def _deltas(index: int, kind: str, field: str, text: str, chunks: tuple[str, ...] = ()) -> Frames:
    head = (
        'event: content_block_delta\ndata: {"type":"content_block_delta",'
        f'"index":{index},"delta":{{"type":"{kind}","{field}":'
    )
    return Frames(encode(head), tails(text, chunks, _DELTA_ENDS))
