"""Which of the offered tools a cooperative model would call, and with what.

`wording` tells what the prompt asks for, `schema` makes the arguments; this module decides.
Ids are left to the wire.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

from ...canonical import ChatRequest, Tool, ToolCall
from ..hints import Hints, Mention
from ..schema.example import example
from ..schema.validity import types_of
from .wording import Asked, asked_for, clause, ends, finals, tool_use

__all__ = ["CALLS_MAX", "chosen_calls"]

CALLS_MAX = 8


def chosen_calls(request: ChatRequest, random: Random) -> tuple[ToolCall, ...]:
    """The calls to answer `request` with; none when it is to be answered in words.

    When the model may decide, a tool is called if the prompt plainly asks for it and no result
    has come in yet. When it must call one, it calls what was asked for. In both cases what the
    run found out goes to the tool that ends the run (`final_result`), if one is offered.
    """
    if not request.tools or request.tool_choice.mode == "none":
        return ()
    forced = request.tool_choice.mode == "any"
    chosen = _forced(request) if forced else _free(request)
    calls = _calls(request, chosen, random)
    return calls[: CALLS_MAX if request.parallel_tool_calls else 1]


def _free(request: ChatRequest) -> tuple[Asked, ...]:
    final = finals(request.tools)
    ending = _ending(request.prompt, final, [tool for tool in final if ends(tool)])
    if request.tool_results:
        done = _called(request)
        return () if any(tool.name in done for tool in final) else ending
    told = tool_use(request.prompt, request.system)
    if told is False:
        return ()
    work = [tool for tool in request.tools if tool not in final]
    asked = asked_for(request.prompt, work) or ending
    if asked or not told:
        return asked
    return (Asked(tool=(work or request.tools)[0], place=0),)


def _forced(request: ChatRequest) -> tuple[Asked, ...]:
    """What must be called: what was asked for and not done yet, else what is left to do."""
    names = request.tool_choice.names
    offered = [tool for tool in request.tools if not names or tool.name in names]
    offered = offered or list(request.tools)
    if len(offered) == 1:
        return (Asked(tool=offered[0], place=0),)
    done = _called(request)
    final = finals(offered)
    open_ = [tool for tool in offered if tool.name not in done and tool not in final]
    asked = asked_for(request.prompt, open_)
    if asked:
        return asked
    if final and (done or not open_):
        return _ending(request.prompt, final, final)
    if open_:
        return (Asked(tool=open_[0], place=0),)
    return asked_for(request.prompt, offered) or (Asked(tool=offered[0], place=0),)


def _ending(prompt: str, final: Sequence[Tool], else_: Sequence[Tool]) -> tuple[Asked, ...]:
    """The one tool that ends the run: the one of `final` that is asked for, else the first of
    `else_`."""
    asked = asked_for(prompt, final) if final else ()
    chosen = [one.tool for one in asked] or else_
    return tuple(Asked(tool=tool, place=0) for tool in chosen[:1])


def _called(request: ChatRequest) -> frozenset[str]:
    """The names of the tools called since the user last said something."""
    names: set[str] = set()
    for message in reversed(request.messages):
        if message.role == "user" and message.text:
            break
        names.update(part.name for part in message.parts if isinstance(part, ToolCall))
    return frozenset(names)


# --- arguments --------------------------------------------------------------------------


def _calls(request: ChatRequest, chosen: Sequence[Asked], random: Random) -> tuple[ToolCall, ...]:
    if not chosen:
        return ()
    hints = Hints.of(_source(request, chosen))
    tools = [asked.tool for asked in chosen[:CALLS_MAX]]
    starts = _starts(hints.prompt, [asked.place for asked in chosen[:CALLS_MAX]])
    found: list[ToolCall] = []
    for tool, (start, end) in zip(tools, pairwise((*starts, len(hints.prompt))), strict=True):
        near = _nearest(hints, start, end, first=start == starts[0])
        found.extend(_calls_of(tool, near, random))
    return tuple(found)


def _starts(prompt: str, places: Sequence[int]) -> list[int]:
    """Where the part of the prompt begins that is about each tool: at its clause, or at the
    word that asks for it when the tool before is asked for in the same clause."""
    starts = [clause(prompt, 0, places[0]) or 0]
    for before, place in pairwise(places):
        begun = clause(prompt, before, place)
        starts.append(place if begun is None else begun)
    return starts


def _source(request: ChatRequest, chosen: Sequence[Asked]) -> str:
    """The text that mentions the arguments: a final tool is also told what others found out."""
    if request.tool_results and chosen[0].tool in finals(request.tools):
        return "\n".join((request.prompt, *(result.text for result in request.tool_results)))
    return request.prompt


def _nearest(hints: Hints, start: int, end: int, *, first: bool) -> Hints:
    """The mentions of the clauses that are about one tool; all when there are none in them.

    What stands before the first tool's clause is about it too, but comes after the rest.
    """
    part = hints.between(start, end)
    if first:
        part = replace(part, mentions=part.mentions + hints.between(0, start).mentions)
    return part if part.mentions else hints


def _calls_of(tool: Tool, hints: Hints, random: Random) -> list[ToolCall]:
    """One call, or one for each member of an enumeration that has but one place to go to."""
    series = hints.series()
    if series and _places(tool.parameters, series[0]) == 1:
        views = [hints.without(tuple(other for other in series if other is not m)) for m in series]
    else:
        views = [hints]
    return [
        ToolCall(name=tool.name, arguments=_arguments(tool, view, random))
        for view in views[:CALLS_MAX]
    ]


def _arguments(tool: Tool, hints: Hints, random: Random) -> Mapping[str, Any]:
    value = example(tool.parameters or {"type": "object"}, random, hints)
    return value if isinstance(value, dict) else {}


def _places(parameters: Mapping[str, Any], mention: Mention) -> int:
    """How many required properties (all when none is) could take what is mentioned; 2 for an
    array, which takes the whole enumeration."""
    properties = parameters.get("properties")
    if not isinstance(properties, Mapping):
        return 0
    required = parameters.get("required")
    names = required if isinstance(required, list) and required else list(properties)
    kinds = {"integer", "number"} if mention.number is not None else {"string"}
    count = 0
    for name in names:
        schema = properties.get(name) if isinstance(name, str) else None
        if isinstance(schema, Mapping) and "enum" not in schema:
            types = types_of(schema)
            count += 2 if "array" in types else not kinds.isdisjoint(types)
    return count
