"""What Gemini refuses in a request that can be read, in the order in which it looks: values that
are none of an enum's, then values that break a rule of their own, all of these at once, then what
does not go together, and the order of turns.

Words of the real service as in public issue reports from 2024 to 2026. What has no such source is
not checked here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ...canonical import ChatRequest, Rejected
from ..base import HttpRequest
from ..reading import Reader
from .media import check_media
from .predicates import broken_schema_rules
from .thinking import check_thinking
from .traits import traits
from .turns import check_turns
from .wording import WORDING, invalid, place

__all__ = ["check"]

TOGETHER_SINCE: Final = 3.0
"""The generation from which on functions go together with other tools and with JSON output."""

_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}")
_BAD_NAME: Final = (
    "[FIELD_INVALID] Invalid function name. Must start with a letter or an underscore. Must be "
    "alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a "
    "maximum length of 128."
)
_RANGES: Final[Mapping[str, tuple[float, float]]] = {"temperature": (0.0, 2.0), "topP": (0.0, 1.0)}
_MIME_TYPES: Final = (
    "text/plain",
    "application/json",
    "application/xml",
    "application/yaml",
    "text/x.enum",
)
_SERVER_TOOLS: Final = frozenset(
    {"codeExecution", "googleMaps", "googleSearch", "googleSearchRetrieval", "urlContext"}
)
_ENUMS: Final[Mapping[str, frozenset[str]]] = {
    "category": frozenset(
        f"HARM_CATEGORY_{name}"
        for name in (
            "UNSPECIFIED",
            "DEROGATORY",
            "TOXICITY",
            "VIOLENCE",
            "SEXUAL",
            "MEDICAL",
            "DANGEROUS",
            "HARASSMENT",
            "HATE_SPEECH",
            "SEXUALLY_EXPLICIT",
            "DANGEROUS_CONTENT",
            "CIVIC_INTEGRITY",
            "IMAGE_HATE",
            "IMAGE_DANGEROUS_CONTENT",
            "IMAGE_HARASSMENT",
            "IMAGE_SEXUALLY_EXPLICIT",
            "JAILBREAK",
        )
    ),
    "threshold": frozenset(
        {
            "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
            "BLOCK_LOW_AND_ABOVE",
            "BLOCK_MEDIUM_AND_ABOVE",
            "BLOCK_ONLY_HIGH",
            "BLOCK_NONE",
            "OFF",
        }
    ),
}


def check(body: Reader, request: ChatRequest, http: HttpRequest) -> None:
    """Raise `Rejected` for the first fault, or for all broken rules of single values."""
    config = body.object("generationConfig")
    _check_modalities(config, request)
    if len(body.value) > 1:
        _check_enums(body)
        if broken := [*_config_rules(config), *_tool_rules(body), *_output_rules(config)]:
            found = (f"* GenerateContentRequest.{where}: {rule}\n" for where, rule in broken)
            raise Rejected(invalid("".join(found)))
        _check_tools(body, request)
        if config is not None and config.has("thinkingConfig"):
            check_thinking(config, request.model)
        _check_system(body, request.model)
    if len(request.messages) > 1:
        check_turns(body, request.model)
    if b"inline" in http.body:
        check_media(body)


# --- single values ------------------------------------------------------------------------


def _check_modalities(config: Reader | None, request: ChatRequest) -> None:
    """Models that speak do nothing else."""
    wanted = config.texts("responseModalities") if config else ()
    if "-tts" in request.model and "AUDIO" not in wanted:
        told = "The requested combination of response modalities is not supported by the model."
        takes = f"models/{request.model} accepts the following combination of response modalities:"
        raise Rejected(invalid(f"{told} {takes}\n* AUDIO\n"))


def _check_enums(body: Reader) -> None:
    for setting in body.objects("safetySettings"):
        for key, known in _ENUMS.items():
            value = setting.raw(key)
            if isinstance(value, str) and value not in known:
                raise Rejected(WORDING.wrong_type((*setting.path, key), (), value))


Broken = tuple[str, str]
"""A place, and what is wrong there."""


def _config_rules(config: Reader | None) -> Iterator[Broken]:
    if config is None:
        return
    for key, (low, high) in _RANGES.items():
        value = config.number(key)
        if value is not None and not low <= value <= high:
            where = place((*config.path, key))
            name = where.rpartition(".")[2]
            yield where, f"{name} must be in the range [{low}, {high}]."
    mime_type = config.text("responseMimeType")
    if mime_type and mime_type not in _MIME_TYPES:
        *first, last = (f"`{name}`" for name in _MIME_TYPES)
        allowed = f"allowed mimetypes are {', '.join(first)} and {last}."
        yield place((*config.path, "responseMimeType")), allowed


def _tool_rules(body: Reader) -> Iterator[Broken]:
    for tool in body.objects("tools"):
        for declaration in tool.objects("functionDeclarations"):
            if not _NAME.fullmatch(declaration.text("name") or ""):
                yield place((*declaration.path, "name")), _BAD_NAME
            for key in ("parameters", "response"):
                schema = declaration.raw(key)
                if isinstance(schema, dict):
                    where = place((*declaration.path, key))
                    yield from broken_schema_rules(schema, where)


def _output_rules(config: Reader | None) -> Iterable[Broken]:
    schema = config.raw("responseSchema") if config is not None else None
    if not isinstance(schema, dict):
        return ()
    return broken_schema_rules(schema, "generation_config.response_schema")


# --- what does not go together ------------------------------------------------------------


def _check_tools(body: Reader, request: ChatRequest) -> None:
    seen: set[str] = set()
    for tool in request.tools:
        if tool.name in seen:
            raise Rejected(invalid(f"Duplicate function declaration found: {tool.name}"))
        seen.add(tool.name)
    if traits(request.model).generation >= TOGETHER_SINCE:
        return
    searches = any(_SERVER_TOOLS & tool.value.keys() for tool in body.objects("tools"))
    if searches and request.tools:
        raise Rejected(invalid("Tool use with function calling is unsupported"))
    if request.output.kind == "text":
        return
    told = "with a response mime type: 'application/json' is unsupported"
    if request.tools:
        raise Rejected(invalid(f"Function calling {told}"))
    if searches:
        raise Rejected(invalid(f"Tool use {told}"))


def _check_system(body: Reader, model: str) -> None:
    if model.startswith("gemma-3") and body.has("systemInstruction"):
        raise Rejected(invalid(f"Developer instruction is not enabled for models/{model}"))
