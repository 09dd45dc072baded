"""Reading what a chat completion request wants besides an answer to its messages: tools, the
form of the output, limits. Renders nothing.

Fields as in the types of the openai SDK 3.54 (`completion_create_params`).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ...canonical import OutputFormat, Rejected, Tool, ToolChoice
from ..reading import Reader
from .responses.families import family
from .rules import Range, check_range
from .wording import unknown_value

__all__ = ["choices", "known_family", "max_tokens", "output", "stop", "tool_choice", "tools"]

CHOICES_MAX = 128
FORMATS = ("json_object", "json_schema", "text")
FREE_TEXT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
}
MODES = ("none", "auto", "required")

known_family = lru_cache(maxsize=256)(family)
"""The family of a model; a program asks for few models, over and over."""


def tools(body: Reader) -> tuple[Tool, ...]:
    """The tools offered: functions, custom tools, and the `functions` that came before both."""
    offered = [_tool(item) for item in body.objects("tools")]
    return (*offered, *map(_function, body.objects("functions")))


def _tool(item: Reader) -> Tool:
    item.require("type")
    if item.text("type") == "custom":
        return _custom(_held(item, "custom"))
    return _function(_held(item, "function"))


def _held(item: Reader, key: str) -> Reader:
    """The object under a required key."""
    item.require(key)
    return item.object(key) or Reader({}, item.wording, (*item.path, key))


def _function(function: Reader) -> Tool:
    function.require("name")
    parameters = function.object("parameters")
    return Tool(
        name=function.text("name") or "",
        description=function.text("description") or "",
        parameters=parameters.value if parameters else {},
    )


def _custom(custom: Reader) -> Tool:
    """A custom tool takes free text, which stands here as its only argument."""
    custom.require("name")
    return Tool(
        name=custom.text("name") or "",
        description=custom.text("description") or "",
        parameters=FREE_TEXT,
    )


def tool_choice(body: Reader) -> ToolChoice:
    """`tool_choice`, or the `function_call` that came before it."""
    key = "tool_choice" if body.has("tool_choice") else "function_call"
    choice = body.raw(key)
    if choice is None or choice == "auto":
        return ToolChoice()
    if choice in ("none", "required"):
        return ToolChoice(mode="none" if choice == "none" else "any")
    if not isinstance(choice, dict):
        if not body.strict:
            body.drop(key)
            return ToolChoice()
        if isinstance(choice, str):
            raise Rejected(unknown_value(choice, MODES, key))
        raise body.reject(key, "string", "object")
    named = Reader(choice, body.wording, (key,))
    if (allowed := named.object("allowed_tools")) is not None:
        names = tuple(_name(tool) for tool in allowed.objects("tools"))
        return ToolChoice(mode="any" if allowed.text("mode") == "required" else "auto", names=names)
    return ToolChoice(mode="any", names=(_name(named),))


def _name(choice: Reader) -> str:
    holder = choice.object("function") or choice.object("custom") or choice
    holder.require("name")
    return holder.text("name") or ""


def output(body: Reader) -> OutputFormat:
    """What `response_format` asks for."""
    wanted = body.object("response_format")
    if wanted is None:
        return OutputFormat()
    wanted.require("type")
    match wanted.text("type"):
        case "json_object":
            return OutputFormat(kind="json")
        case "json_schema":
            wanted.require("json_schema")
            holder = wanted.object("json_schema")
            schema = holder.object("schema") if holder else None
            return OutputFormat(kind="schema", schema=schema.value if schema else {})
        case "text":
            return OutputFormat()
        case _ if not wanted.strict:
            return OutputFormat()
        case other:
            raise Rejected(unknown_value(other or "", FORMATS, "response_format.type"))


def max_tokens(body: Reader) -> int | None:
    """The limit under its new name, else under its old one."""
    newer = body.integer("max_completion_tokens")
    return newer if newer is not None else body.integer("max_tokens")


def stop(body: Reader) -> tuple[str, ...]:
    """The stop sequences, one or several."""
    given = body.raw("stop")
    if isinstance(given, str):
        return (given,)
    if given is not None and not isinstance(given, list) and body.strict:
        raise body.reject("stop", "string", "array")
    return body.texts("stop")


def choices(body: Reader, most: int = CHOICES_MAX) -> int:
    """How many answers are wanted: `n`, at most `most`."""
    wanted = body.integer("n")
    if not body.strict:
        return min(max(wanted or 1, 1), most)
    check_range("n", wanted, Range("integer", 1, most))
    return 1 if wanted is None else wanted
