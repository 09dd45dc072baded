"""A Responses request as the router's own. Nothing of answers; items of the input are `items.py`'s.

Fields by name as in openai 3.54, `types/responses/response_create_params.py`. Each is one of four:
carried in LLMRequest; a hint (HINTS), which changes no answer and goes only to targets of this
wire; passed on, for which only targets of this wire are asked; or refused. What would need a
conversation that OpenAI keeps (KEPT) is refused even where fields may be left out: the answer
would be one to another question.
"""

from collections.abc import Mapping
from typing import Any

from ...types import LLMRequest, OutputSchema, ThinkingOptions, Tool
from ..fields import Fields, Notes
from ..openai.read import EFFORTS, tier
from ..values import Asked, BadRequest, Incoming
from .items import turns

__all__ = ["HINTS", "KEPT", "read"]

HINTS = (
    "max_tool_calls", "metadata", "prompt_cache_key", "prompt_cache_options",
    "prompt_cache_retention", "safety_identifier", "store", "user",
)  # fmt: skip
"""`max_tool_calls` bounds the tools that OpenAI runs itself, of which none is here."""

_WHOLE = "no answer is kept here: send the whole conversation as input, its items as they came"
KEPT: Mapping[str, str] = {
    "previous_response_id": _WHOLE,
    "conversation": _WHOLE,
    "prompt": "prompts that OpenAI keeps are not known here: send instructions and input",
    "background": "nothing is kept here that could be asked for later: ask with stream=True",
}


def read(incoming: Incoming) -> Asked:
    """Raises BadRequest."""
    notes = Notes(lenient=incoming.lenient)
    body = Fields(incoming.body, notes=notes)
    _refuse_kept(body)
    hints, passed = body.take_all(HINTS), dict[str, Any]()
    model = body.need("model", str)
    instructions = body.take("instructions", str)
    system, messages = turns(body)
    system = [instructions, *system] if instructions else system
    _include(body, hints)
    _truncation(body, passed)
    if body.take("top_logprobs", int):
        body.refuse("top_logprobs")
    request = LLMRequest(
        messages=messages,
        system="\n\n".join(system) if system else None,
        **_tools(body),
        max_tokens=body.whole("max_output_tokens", least=1),
        temperature=body.number("temperature", 0, 2),
        top_p=body.number("top_p", 0, 1),
        output=_output(body, hints, passed),
        thinking=_thinking(body, hints, passed),
        service_tier=tier(body, hints),
    )
    options = body.inner("stream_options")
    if options is not None:
        options.take("include_obfuscation", bool)  # this stream pads nothing
        options.done()
    streamed = bool(body.take("stream", bool))
    body.done()
    return Asked(
        model=model,
        request=request,
        streamed=streamed,
        hints=hints,
        passed=passed,
        same_wire=bool(passed) or request.service_tier is not None,
        left_out=tuple(notes.left_out),
        echo=_echo(incoming.body),
    )


def _refuse_kept(body: Fields) -> None:
    for name, instead in KEPT.items():
        if body.take(name):
            raise BadRequest(f"{name}: {instead}", param=name, kind="unsupported")


def _include(body: Fields, hints: dict[str, Any]) -> None:
    """Seals on reasoning come unasked here; who has them must be asked for them."""
    asked = body.take("include", list) or []
    if others := [name for name in asked if name != "reasoning.encrypted_content"]:
        body.refuse("include", f"holds {others[0]!r}; it may hold 'reasoning.encrypted_content'")
    elif asked:
        hints["include"] = asked


def _truncation(body: Fields, passed: dict[str, Any]) -> None:
    if body.take("truncation", str) not in (None, "disabled"):
        passed["truncation"] = body.take("truncation")


def _thinking(
    body: Fields, hints: dict[str, Any], passed: dict[str, Any]
) -> ThinkingOptions | None:
    """Efforts that other vendors do not know ("none", "xhigh") are passed on as they are, and
    other modes than the usual; how long a summary is to be is a hint."""
    asked = body.inner("reasoning")
    if asked is None:
        return None
    whole = body.take("reasoning")
    effort = asked.take("effort", str)
    summary = asked.take("summary", str, also="generate_summary")
    modes = (asked.take("context", str), asked.take("mode", str))
    asked.done()
    known = effort if effort in EFFORTS else None
    if effort != known or any(mode not in (None, "auto", "standard") for mode in modes):
        passed["reasoning"] = whole
    elif summary not in (None, "auto"):
        hints["reasoning"] = whole
    if effort is None and summary is None:
        return None
    return ThinkingOptions(effort=known, include=summary is not None)


def _output(body: Fields, hints: dict[str, Any], passed: dict[str, Any]) -> OutputSchema | None:
    text = body.inner("text")
    if text is None:
        return None
    if text.take("verbosity", str) not in (None, "medium"):
        passed["text"] = body.take("text")
    form = text.inner("format")
    text.done()
    if form is None:
        return None
    kind = form.need("type", str)
    made: OutputSchema | None = None
    if kind == "json_object":
        made = OutputSchema(schema=None)
    elif kind == "json_schema":
        if form.take("description", str):  # which only this wire has a place for
            hints["text"] = body.take("text")
        made = OutputSchema(
            name=form.need("name", str),
            schema=form.need("schema", dict),
            strict=form.take("strict", bool) is not False,
        )
    elif kind != "text":
        raise BadRequest(
            f"text.format.type is {kind!r}; it is text, json_object or json_schema",
            param="text.format.type",
        )
    form.done()
    return made


def _tools(body: Fields) -> dict[str, Any]:
    tools = tuple(made for tool in body.each("tools") if (made := _tool(tool)) is not None)
    choice = body.take("tool_choice", str, dict)
    if isinstance(choice, dict):
        chosen = body.child(choice, "tool_choice")
        if (kind := chosen.need("type", str)) != "function":
            chosen.refuse("type", f"is {kind!r}; it may be function")
            choice = None
        else:
            choice = chosen.need("name", str)
            if choice not in {tool.name for tool in tools}:
                told = f"tool_choice names {choice!r}, no tool of tools"
                raise BadRequest(told, param="tool_choice")
    elif choice not in (None, "auto", "none", "required"):
        raise BadRequest("tool_choice is auto, none, required or an object", param="tool_choice")
    return {
        "tools": tools,
        "tool_choice": choice or "auto",
        "parallel_tool_calls": body.take("parallel_tool_calls", bool),
    }


def _tool(tool: Fields) -> Tool | None:
    """None for one that is left out."""
    if (kind := tool.need("type", str)) != "function":
        tool.refuse("type", f"is {kind!r}; the router carries tools of the type function only")
        return None
    for name in ("async", "defer_loading"):
        if tool.take(name, bool):
            tool.refuse(name)
    if tool.take("allowed_callers", list) not in (None, [], ["direct"]):
        tool.refuse("allowed_callers", "may hold 'direct' only")
    made = Tool(
        name=tool.need("name", str),
        description=tool.take("description", str) or "",
        parameters=tool.take("parameters", dict) or {"type": "object", "properties": {}},
        strict=tool.take("strict", bool),
    )
    tool.done()
    return made


def _echo(body: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer repeats of its request, as it came; the usual where nothing was said."""
    usual: dict[str, Any] = {
        "instructions": None, "max_output_tokens": None, "metadata": {},
        "parallel_tool_calls": True, "reasoning": None, "temperature": None,
        "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [],
        "top_p": None, "truncation": "disabled", "user": None,
    }  # fmt: skip
    given = {name: body[name] for name in usual if body.get(name) is not None}
    return usual | given | {"background": False, "previous_response_id": None, "store": False}
