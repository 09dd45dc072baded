"""GenerateContentRequest as a canonical request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ...canonical import (
    ChatRequest,
    OutputFormat,
    Rejected,
    ThinkingOptions,
    Tool,
    ToolChoice,
)
from ..base import HttpRequest
from ..reading import Reader
from .checks import check
from .contents import messages, system_message
from .kept_things import needs
from .schema import json_schema
from .wording import invalid

__all__ = [
    "CANDIDATES_MAX",
    "GenerateRequest",
    "declared",
    "generate_request",
    "model_name",
]

CANDIDATES_MAX: Final = 8

Framing = Literal["json", "array", "sse"]

_MODES: Final[Mapping[object, Literal["auto", "any", "none"]]] = {
    "MODE_UNSPECIFIED": "auto",
    "AUTO": "auto",
    "ANY": "any",
    "NONE": "none",
    "VALIDATED": "auto",  # like AUTO, with calls that are sure to fit their schema
    0: "auto",
    1: "auto",
    2: "any",
    3: "none",
    4: "auto",
}


@dataclass(kw_only=True)
class GenerateRequest(ChatRequest):
    """A ChatRequest with what the answer's form depends on."""

    framing: Framing = "json"
    mime_type: str = ""


def model_name(http: HttpRequest) -> str:
    """The model that the path names, without `models/`: `gemini-2.5-flash`, `tunedModels/x`."""
    name = http.params["model"]
    while name.startswith("models/"):
        name = name.removeprefix("models/")
    return f"tunedModels/{name}" if "/tunedModels/" in http.path.partition(":")[0] else name


def generate_request(
    http: HttpRequest, body: Reader, raw: Any, *, endpoint: str, framing: Framing = "json"
) -> GenerateRequest:
    """Raises `Rejected` with the service's own error for what cannot be read."""
    config = body.object("generationConfig") or Reader({}, body.wording, ("generationConfig",))
    tools = declared(body)
    request = GenerateRequest(
        provider="gemini",
        endpoint=endpoint,
        model=model_name(http),
        messages=(*system_message(body), *messages(body)),
        tools=tools,
        needs=needs(body, http.body),
        tool_choice=_tool_choice(body, tools),
        output=_output(config),
        thinking=_thinking(config),
        max_tokens=_max_tokens(config),
        stop=config.texts("stopSequences"),
        choices=_choices(config),
        stream=framing != "json",
        raw=raw,
        framing=framing,
        mime_type=config.text("responseMimeType") or "",
    )
    if http.validates:
        check(body, request, http)
    return request


def declared(body: Reader) -> tuple[Tool, ...]:
    """The declared functions. Tools that run on Google's side are accepted and unused."""
    return tuple(
        Tool(
            name=declaration.text("name") or "",
            description=declaration.text("description") or "",
            parameters=_parameters(declaration),
        )
        for tool in body.objects("tools")
        for declaration in tool.objects("functionDeclarations")
    )


def _parameters(declaration: Reader) -> Mapping[str, Any]:
    if (free := declaration.object("parametersJsonSchema")) is not None:
        return free.value
    schema = declaration.object("parameters")
    return _schema(schema) if schema else {}


def _schema(schema: Reader) -> Mapping[str, Any]:
    try:
        return json_schema(schema.value, schema.path)
    except Rejected:
        if schema.strict:
            raise
        return {}


def _tool_choice(body: Reader, tools: tuple[Tool, ...]) -> ToolChoice:
    config = body.object("toolConfig")
    calling = config.object("functionCallingConfig") if config else None
    if calling is None:
        return ToolChoice()
    given = calling.raw("mode")
    spelled = given.upper() if isinstance(given, str) else given
    known = isinstance(spelled, str | int) and not isinstance(spelled, bool)
    mode = _MODES.get(spelled) if known else None
    if given is not None and mode is None and calling.strict:
        raise calling.reject("mode")
    names = calling.texts("allowedFunctionNames")
    if mode == "any" and not tools and body.strict:
        raise Rejected(invalid("Function calling config is set without function_declarations."))
    return ToolChoice(mode=mode or "auto", names=names if mode == "any" else ())


def _output(config: Reader) -> OutputFormat:
    for key in ("responseJsonSchema", "_responseJsonSchema"):
        if (free := config.object(key)) is not None:
            return OutputFormat(kind="schema", schema=free.value)
    schema = config.object("responseSchema")
    if schema is not None:
        return OutputFormat(kind="schema", schema=_schema(schema))
    if config.text("responseMimeType") == "application/json":
        return OutputFormat(kind="json")
    return OutputFormat()


def _thinking(config: Reader) -> ThinkingOptions:
    thinking = config.object("thinkingConfig")
    if thinking is None:
        return ThinkingOptions(visible=False)
    budget = thinking.integer("thinkingBudget")
    visible = thinking.flag("includeThoughts") or False
    asked = visible or thinking.has("thinkingLevel") or budget is not None
    # -1 leaves the budget to the model, 0 turns thinking off (Gemini API documentation).
    return ThinkingOptions(
        enabled=asked and budget != 0,
        budget_tokens=budget if budget is not None and budget > 0 else None,
        visible=visible,
    )


def _max_tokens(config: Reader) -> int | None:
    tokens = config.integer("maxOutputTokens")
    if tokens is not None and tokens < 0:
        if not config.strict:
            return None
        raise Rejected(invalid("Request contains an invalid argument."))
    return tokens or None


def _choices(config: Reader) -> int:
    count = config.integer("candidateCount") or 1
    if not 1 <= count <= CANDIDATES_MAX:
        if not config.strict:
            return 1
        name = "GenerateContentRequest.generation_config.candidate_count"
        problem = f"candidate_count must be in the range [1, {CANDIDATES_MAX}]"
        raise Rejected(invalid(f"* {name}: {problem}.\n"))
    return count
