"""A reply as Ollama has it: runs of content and of thinking, and calls of tools, in order.

Chat and generate put the same speech into different fields.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from ...canonical import Finish, Refusal, Reply, Text, Thinking, ToolCall
from ...rng import Ids
from ..framing import deltas, dumps

__all__ = ["DONE_REASON", "Run", "joined", "runs", "tool_calls"]

DONE_REASON: Mapping[Finish, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tool_calls": "stop",
    "refusal": "stop",
    "content_filter": "stop",
}


class Run(NamedTuple):
    """Text to stream in `deltas`, or one tool call."""

    kind: Literal["content", "thinking", "call"]
    deltas: tuple[str, ...] | list[str] = ()
    call: Mapping[str, Any] | None = None


def runs(reply: Reply, ids: Ids) -> list[Run]:
    """The parts of a reply, made ready. Calls are numbered, and get an id, as they come."""
    found: list[Run] = []
    calls = 0
    for part in reply.parts:
        match part:
            case Text():
                found.append(Run("content", deltas(part.text, part.chunks)))
            case Refusal():
                found.append(Run("content", deltas(part.text)))
            case Thinking():
                found.append(Run("thinking", deltas(part.text)))
            case ToolCall():
                arguments = _arguments(part)
                if arguments is None:
                    found.append(Run("content", deltas(_unparsed(part))))
                    continue
                found.append(Run("call", call=_call(part, arguments, calls, ids)))
                calls += 1
    return found


def joined(found: list[Run], kind: Literal["content", "thinking"]) -> str:
    """All text of one kind."""
    return "".join("".join(run.deltas) for run in found if run.kind == kind)


def tool_calls(found: list[Run]) -> list[Mapping[str, Any]]:
    return [run.call for run in found if run.call is not None]


def _call(call: ToolCall, arguments: Mapping[str, Any], index: int, ids: Ids) -> dict[str, Any]:
    return {
        "id": call.id or f"call_{ids.base36(8)}",
        "function": {"index": index, "name": call.name, "arguments": arguments},
    }


def _arguments(call: ToolCall) -> Mapping[str, Any] | None:
    """The arguments as the object that the wire has; None when they are not one."""
    if not isinstance(call.arguments, str):
        return call.arguments
    try:
        value = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _unparsed(call: ToolCall) -> str:
    """What the model wrote: the server passes a call that it cannot parse on as text."""
    return f'{{"name": {dumps(call.name)}, "parameters": {call.arguments}}}'
