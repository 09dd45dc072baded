"""The output items of a response: messages, reasoning, calls of tools.

Field order and presence are those of the answers recorded up to August 2026.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple

from ....canonical import ChatRequest, Part, Refusal, Reply, Text, Thinking, ToolCall
from ....rng import Ids
from ...base import Stamp
from ...framing import deltas, dumps
from .families import Family, family

__all__ = ["Item", "ItemIds", "Output", "identified", "output"]

Item = dict[str, Any]

ENCRYPTED = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"
ENCRYPTED_CHARS = 312
TOP_MAX = 20


class ItemIds:
    """Identifiers of one response and its items.

    As recorded in 2026: 50 hex digits, of which the first 16 are the same in a response and its
    items, then come the seconds at which the item was made and a place that they share too.
    """

    __slots__ = ("_ids", "_place", "_start")

    def __init__(self, stamp: Stamp) -> None:
        drawn = stamp.ids.hex(16)
        self._ids = stamp.ids
        self._start = f"0{drawn[1:]}00{int(stamp.now_s) & 0xFFFFFFFF:08x}"
        self._place = f"819{drawn[0]}"

    def make(self, kind: str) -> str:
        """An identifier such as `msg_...`."""
        drawn = self._ids.hex(20)
        return f"{kind}_{self._start}{drawn[:4]}{self._place}{drawn[4:]}"


class Output(NamedTuple):
    """The items, the parts that each of them says, and the deltas that a script wants for a
    text: by item and content index."""

    items: list[Item]
    parts: list[tuple[Part, ...]]
    chunks: Mapping[tuple[int, int], tuple[str, ...]]


def identified(reply: Reply, ids: Ids) -> Reply:
    """The reply with an id for every call of a tool."""
    for part in reply.parts:
        if isinstance(part, ToolCall) and not part.id:
            break
    else:
        return reply
    parts = tuple(
        replace(part, id=f"call_{ids.base62(24)}")
        if isinstance(part, ToolCall) and not part.id
        else part
        for part in reply.parts
    )
    return replace(reply, parts=parts)


def output(
    reply: Reply, request: ChatRequest, custom: frozenset[str], ids: ItemIds, random: Ids
) -> Output:
    """What the reply says, as items. `custom` names the tools that take free text; `random`
    gives the numbers of log probabilities and the bytes of encrypted reasoning."""
    making = _Making(request, custom, ids, random)
    for kind, run in groupby(reply.parts, _kind):
        making.add(kind, list(run))
    if reply.finish in ("length", "content_filter") and making.items:
        last = making.items[-1]
        if "status" in last:
            last["status"] = "incomplete"
    return Output(making.items, making.parts, making.chunks)


def _kind(part: Part) -> str:
    match part:
        case Text() | Refusal():
            return "message"
        case Thinking():
            return "reasoning"
        case ToolCall():
            return "call"
        case _:
            return "other"


class _Making:
    def __init__(
        self, request: ChatRequest, custom: frozenset[str], ids: ItemIds, random: Ids
    ) -> None:
        raw: Mapping[str, Any] = request.raw
        include = raw.get("include") or ()
        self.items: list[Item] = []
        self.parts: list[tuple[Part, ...]] = []
        self.chunks: dict[tuple[int, int], tuple[str, ...]] = {}
        self._family: Family = family(request.model)
        self._visible = request.thinking.visible
        self._custom = custom
        self._ids = ids
        self._random = random
        self._encrypted = ENCRYPTED in include
        self._top = min(int(raw.get("top_logprobs") or 0), TOP_MAX)
        self._logprobs = LOGPROBS in include or self._top > 0

    def add(self, kind: str, parts: Sequence[Any]) -> None:
        match kind:
            case "message":
                self._message(parts)
                self.parts.append(tuple(parts))
            case "reasoning":
                self._reasoning(parts)
                self.parts.append(tuple(parts))
            case "call":
                self._calls(parts)
                self.parts += [(part,) for part in parts]

    def _message(self, parts: Sequence[Text | Refusal]) -> None:
        content: list[Item] = []
        for index, part in enumerate(parts):
            if isinstance(part, Refusal):
                content.append({"type": "refusal", "refusal": part.text})
                continue
            if part.chunks:
                self.chunks[len(self.items), index] = part.chunks
            content.append(
                {
                    "type": "output_text",
                    "annotations": [],
                    "logprobs": self._probabilities(part),
                    "text": part.text,
                }
            )
        item: Item = {"id": self._ids.make("msg"), "type": "message", "status": "completed"}
        item["content"] = content
        if self._family.phases:
            item["phase"] = "final_answer"
        item["role"] = "assistant"
        self.items.append(item)

    def _reasoning(self, parts: Sequence[Thinking]) -> None:
        item: Item = {"id": self._ids.make("rs"), "type": "reasoning", "content": []}
        if self._encrypted:
            made = f"gAAAAAB{self._random.urlsafe(ENCRYPTED_CHARS)}=="
            item["encrypted_content"] = parts[0].signature or made
        shown = parts if self._visible else ()
        item["summary"] = [{"type": "summary_text", "text": part.text} for part in shown]
        self.items.append(item)

    def _calls(self, parts: Sequence[ToolCall]) -> None:
        # What a model says before it calls a tool comments on what it does.
        if self.items and "phase" in self.items[-1]:
            self.items[-1]["phase"] = "commentary"
        self.items += map(self._call, parts)

    def _call(self, call: ToolCall) -> Item:
        text = call.arguments if isinstance(call.arguments, str) else dumps(call.arguments)
        if call.name not in self._custom:
            return {
                "id": self._ids.make("fc"),
                "type": "function_call",
                "status": "completed",
                "arguments": text,
                "call_id": call.id,
                "name": call.name,
            }
        return {
            "id": self._ids.make("ctc"),
            "type": "custom_tool_call",
            "status": "completed",
            "call_id": call.id,
            "input": _free_text(call.arguments, text),
            "name": call.name,
        }

    def _probabilities(self, part: Text) -> list[Item]:
        if not self._logprobs:
            return []
        return [self._probability(token) for token in deltas(part.text, part.chunks)]

    def _probability(self, token: str) -> Item:
        logprob = -self._random.integer(0, 4_000_000) / 1e7
        chosen = _token(token, logprob)
        others: Iterable[Item] = (
            _token(chr(97 + (ord(token[:1] or "a") + rank) % 26), logprob - rank - 1.0)
            for rank in range(self._top - 1)
        )
        return {**chosen, "top_logprobs": [chosen, *others] if self._top else []}


def _token(token: str, logprob: float) -> Item:
    return {"bytes": list(token.encode("utf-8", "replace")), "logprob": logprob, "token": token}


def _free_text(arguments: Mapping[str, Any] | str, text: str) -> str:
    """The text for a tool that takes free text: the only argument, if it is one."""
    if isinstance(arguments, str) or len(arguments) != 1:
        return text
    (value,) = arguments.values()
    return value if isinstance(value, str) else text
