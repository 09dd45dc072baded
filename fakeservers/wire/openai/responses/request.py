"""Reading the body of a request for a response, or for its token count.

What is only echoed into the answer stays in `raw`: `checks.py` has looked at it, `body.py` reads
it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from ....canonical import (
    ChatRequest,
    Message,
    Needs,
    OutputFormat,
    Reference,
    Rejected,
    Text,
    ThinkingOptions,
    Tool,
    ToolChoice,
)
from ...reading import Reader
from ..chat_options import known_family
from ..moderations import judge
from ..rules import check_keys
from ..serving_models import response_fault
from ..wording import invalid, unknown_value
from .checks import PLAIN, check, check_strictly
from .input import conversation
from .input_checks import check_calls, check_items, check_pairs
from .rules import check_rules

__all__ = ["custom_tools", "instructed", "offered", "read"]

NO_INPUT = (
    'One of "input" or "previous_response_id" or '
    "'prompt' or 'conversation_id' must be provided."
)
DEFAULT_MODEL = "gpt-4.1"
"""The model when a stored prompt is to decide."""

MODES: Mapping[str, Literal["auto", "any", "none"]] = {
    "none": "none",
    "auto": "auto",
    "required": "any",
}
FORMATS = ("json_object", "json_schema", "text")


def read(
    body: Reader, *, provider: str, endpoint: str, keys: frozenset[str] | None = None
) -> ChatRequest:
    """The request that a body with these `keys` makes. Raises `Rejected`; what only OpenAI itself
    refuses is taken from other providers' callers."""
    strict = provider == "openai" and body.strict
    if not body.has("prompt"):
        body.require("model")
        given = any(map(body.has, ("input", "previous_response_id", "conversation")))
        if not given and body.strict:
            raise Rejected(invalid(NO_INPUT, code="missing_required_parameter"))
    simple = body.value.keys() <= PLAIN
    if not simple:
        if strict and keys is not None:
            check_keys(body, keys, hints=True)
        check(body)
        if strict:
            check_strictly(body)
    model = body.text("model") or DEFAULT_MODEL
    messages = instructed(body) + conversation(body)
    request = ChatRequest(
        provider=provider,
        endpoint=endpoint,
        model=model,
        messages=messages,
        tools=tuple(_tools(body)),
        thinking=_thinking(body, model),
        stream=body.flag("stream") is True,
        refers=any(isinstance(part, Reference) for said in messages for part in said.parts),
        unserved=response_fault(model) if strict else None,
        needs=_needs(body),
        truncates=body.raw("truncation") == "auto",
        raw=body.value,
        **({} if simple else _options(body)),
    )
    if strict:
        _check_whole(body, request, simple=simple)
    elif body.strict:
        check_pairs(body)
    return request


def _options(body: Reader) -> dict[str, Any]:
    """What a plain request leaves at its default."""
    return {
        "tool_choice": _choice(body),
        "parallel_tool_calls": body.flag("parallel_tool_calls") is not False,
        "output": _output(body),
        "max_tokens": body.integer("max_output_tokens"),
        "previous_id": body.text("previous_response_id"),
        "judged_by": judge(body),
    }


def _check_whole(body: Reader, request: ChatRequest, *, simple: bool) -> None:
    """Raise `Rejected` for the input, and for what is right in each field and wrong as a whole."""
    listed = isinstance(body.raw("input"), list)
    if listed:
        check_items(body)
    if not simple:
        check_rules(body, request)
    if listed and request.endpoint == "responses.create":
        check_calls(body)
        check_pairs(body)


def _needs(body: Reader) -> Needs | None:
    """The conversation that the request is part of."""
    given = body.raw("conversation")
    if given is None:
        return None
    id = given if isinstance(given, str) else Reader.of(given, body.wording).text("id")
    return None if id is None else Needs(conversation=id)


def instructed(body: Reader) -> tuple[Message, ...]:
    """The system message that `instructions` make. They are not carried over to a response that
    continues from this one (OpenAI's API reference), unlike system messages of the input."""
    text = body.text("instructions")
    return (Message("system", (Text(text),)),) if text else ()


def custom_tools(body: Reader) -> frozenset[str]:
    """The names of the offered tools that take free text instead of arguments."""
    return frozenset(
        tool.text("name") or "" for tool in offered(body) if tool.raw("type") == "custom"
    )


# --- tools ------------------------------------------------------------------------------


def offered(body: Reader) -> Iterator[Reader]:
    """The tools of a body, and those that items of its input add."""
    yield from body.objects("tools")
    if isinstance(body.raw("input"), list):
        for item in body.objects("input"):
            if item.raw("type") == "additional_tools":
                yield from item.objects("tools")


def _tools(body: Reader) -> Iterator[Tool]:
    for tool in offered(body):
        tool.require("type")
        match tool.text("type"):
            case "function":
                tool.require("name")
                parameters = tool.object("parameters")
                yield Tool(
                    name=tool.text("name") or "",
                    description=tool.text("description") or "",
                    parameters=parameters.value if parameters else {},
                )
            case "custom":
                tool.require("name")
                # Free text instead of arguments; the schema stands for that one string.
                yield Tool(
                    name=tool.text("name") or "",
                    description=tool.text("description") or "",
                    parameters={"type": "string"},
                )


def _choice(body: Reader) -> ToolChoice:
    value = body.raw("tool_choice")
    if value is None:
        return ToolChoice()
    if isinstance(value, str):
        if value not in MODES and not body.strict:
            body.drop("tool_choice")
            return ToolChoice()
        if value not in MODES:
            raise Rejected(unknown_value(value, tuple(MODES), "tool_choice"))
        return ToolChoice(mode=MODES[value])
    choice = body.object("tool_choice") if isinstance(value, dict) or not body.strict else None
    if choice is None:
        if not body.strict:
            return ToolChoice()
        raise body.reject("tool_choice", "string", "object")
    choice.require("type")
    match choice.text("type"):
        case "function" | "custom":
            choice.require("name")
            return ToolChoice(mode="any", names=(choice.text("name") or "",))
        case "allowed_tools":
            tools = tuple(tool.text("name") for tool in choice.objects("tools"))
            names = tuple(name for name in tools if name)
            required = choice.text("mode") == "required"
            return ToolChoice(mode="any" if required else "auto", names=names)
    # A tool that OpenAI itself runs: a program is never called for it.
    return ToolChoice()


# --- output -----------------------------------------------------------------------------


def _output(body: Reader) -> OutputFormat:
    text = body.object("text")
    form = text.object("format") if text else None
    if form is None:
        return OutputFormat()
    form.require("type")
    match form.text("type"):
        case "json_schema":
            form.require("name", "schema")
            form.text("name")
            schema = form.object("schema")
            return OutputFormat(kind="schema", schema=schema.value if schema else {})
        case "json_object":
            return OutputFormat(kind="json")
        case "text":
            return OutputFormat()
        case _ if not form.strict:
            return OutputFormat()
        case other:
            raise Rejected(unknown_value(other or "", FORMATS, "text.format.type"))


def _thinking(body: Reader, model: str) -> ThinkingOptions:
    options = body.object("reasoning")
    effort = options.text("effort") if options else None
    summary = options.text("summary") if options else None
    if options and summary is None:
        summary = options.text("generate_summary")
    known = known_family(model)
    enabled = known.reasoning and (effort or known.effort) != "none"
    return _THINKING[enabled, summary is not None]


_THINKING = {
    (enabled, visible): ThinkingOptions(enabled=enabled, visible=visible)
    for enabled in (True, False)
    for visible in (True, False)
}
