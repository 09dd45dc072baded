"""What is wrong with what a model says: replies as a faulty model would give them."""

import json
from dataclasses import replace

from ..canonical import ChatRequest, Part, Reply, Text, ToolCall
from ..pieces import pieces
from .faults import Twist

__all__ = ["twisted"]

UNKNOWN_TOOL = "run_shell_command"
"""A tool that nobody offered; with another name after it when somebody did."""


def twisted(reply: Reply, twist: Twist, request: ChatRequest) -> Reply:
    """The reply with that fault in it."""
    match twist:
        case "bad_arguments":
            return replace(reply, parts=tuple(map(_broken, reply.parts)))
        case "unknown_tool":
            return _unknown(reply, request)
        case "length":
            return _shortened(reply)


def _broken(part: Part) -> Part:
    """Arguments that end in the middle: no JSON."""
    if not isinstance(part, ToolCall):
        return part
    given = part.arguments
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return replace(part, arguments=text[: max(1, len(text) - 1)].rstrip("}") + ', "')


def _unknown(reply: Reply, request: ChatRequest) -> Reply:
    name = UNKNOWN_TOOL
    while any(tool.name == name for tool in request.tools):
        name += "_2"
    if reply.tool_calls:
        parts = tuple(
            replace(part, name=name) if isinstance(part, ToolCall) else part for part in reply.parts
        )
        return replace(reply, parts=parts)
    return Reply(parts=(ToolCall(name, {}),), finish="tool_calls")


def _shortened(reply: Reply) -> Reply:
    """Half of each text, the finish that tells so, and no tool call."""
    parts: list[Part] = []
    for part in reply.parts:
        if isinstance(part, Text):
            said = pieces(part.text)
            parts.append(Text("".join(said[: max(1, len(said) // 2)])))
        elif not isinstance(part, ToolCall):
            parts.append(part)
    return replace(reply, parts=tuple(parts), finish="length", stop_sequence=None)
