"""Whether a model could have given a scripted reply to a request: what never comes from the
real service must not make a test pass.
"""

from collections.abc import Mapping

from ..canonical import ChatRequest, Reply, ToolCall
from ..errors import did_you_mean
from .schema.validity import difference
from .tokens import count_reply

__all__ = ["impossibility"]

COUNT_TOLERANCE = 1.25
"""Tokens are counted nearly, so only what is clearly too long is too long."""


def impossibility(reply: Reply, request: ChatRequest) -> str | None:
    """Why no model gives `reply` to `request`, and what to write instead; None when one may.

    Arguments given as text are sent as they are: whoever writes them so means it.
    """
    for call in reply.tool_calls:
        if (problem := _impossible_call(call, request)) is not None:
            return problem
    limit = request.max_tokens
    if limit is None or reply.finish == "length":
        return None
    tokens = count_reply((reply,), request).output_tokens
    if tokens > limit * COUNT_TOLERANCE:
        return (
            f"it has about {tokens} tokens, and the request allows {limit}: shorten it, or write "
            f'reply(..., finish="length")'
        )
    return None


def _impossible_call(call: ToolCall, request: ChatRequest) -> str | None:
    offered = {tool.name: tool for tool in request.tools}
    tool = offered.get(call.name)
    if tool is None:
        if not offered:
            return f"it calls {call.name!r}, and the request offers no tools"
        meant = did_you_mean(call.name, offered)
        return f"it calls {call.name!r}, and the request offers {', '.join(offered)}.{meant}"
    if isinstance(call.arguments, Mapping) and tool.parameters:
        wrong = difference(dict(call.arguments), tool.parameters)
        if wrong is not None:
            return f"the arguments of its call of {call.name!r} break the tool's schema: {wrong}"
    return None
