"""What OpenAI refuses in the fields of a request for a response, and the reading of those that an
answer only echoes. Its input stands in `input_checks`, what does not go together in `rules`.

Providers with a compatible API take what only `check_strictly` refuses.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ....canonical import Rejected
from ...reading import Reader
from ..rules import (
    Range,
    check_count,
    check_keys,
    check_length,
    check_metadata,
    check_name,
    check_range,
    check_value,
)
from ..schemas import refuse_function, refuse_output
from ..wording import invalid, place, unknown_value

__all__ = ["COMPACT_KEYS", "COUNT_KEYS", "KEYS", "PLAIN", "UNTYPED", "check", "check_strictly"]

PLAIN: Final = frozenset({"input", "instructions", "model", "stream"})
"""What a request holds that needs no closer look than its reading."""

FLAGS = ("background", "store", "stream")
TEXTS = (
    "model",
    "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "truncation",
    "user",
)
TEXTS_WITHIN: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("verbosity",),
    "reasoning": ("context", "effort", "generate_summary", "mode", "summary"),
}
KEYS_WITHIN: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset({"format", "verbosity"}),
    "reasoning": frozenset({"context", "effort", "generate_summary", "mode", "summary"}),
    "stream_options": frozenset({"include_obfuscation"}),
}

CALLERS = ("custom_tool_call_output", "function_call_output")

RANGES: Final[Mapping[str, Range]] = {
    "frequency_penalty": Range("decimal", -2, 2),
    "max_output_tokens": Range("integer", 16),
    "max_tool_calls": Range("integer", 1),
    "presence_penalty": Range("decimal", -2, 2),
    "temperature": Range("decimal", 0, 2),
    "top_logprobs": Range("integer", 0, 20),
    "top_p": Range("decimal", 0, 1),
}
SUMMARIES = ("auto", "concise", "detailed")
VALUES: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    ("prompt_cache_retention",): ("in_memory", "24h"),
    ("reasoning", "context"): ("auto", "current_turn", "all_turns"),
    ("reasoning", "effort"): ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    ("reasoning", "generate_summary"): SUMMARIES,
    ("reasoning", "summary"): SUMMARIES,
    ("service_tier",): ("auto", "default", "fast", "flex", "priority", "scale", "ultrafast"),
    ("text", "verbosity"): ("low", "medium", "high"),
    ("truncation",): ("auto", "disabled"),
}
INCLUDABLE = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)
TOOL_KINDS = (
    "function",
    "file_search",
    "computer",
    "computer_use_preview",
    "web_search",
    "web_search_2025_08_26",
    "mcp",
    "code_interpreter",
    "programmatic_tool_calling",
    "image_generation",
    "local_shell",
    "shell",
    "custom",
    "namespace",
    "tool_search",
    "web_search_preview",
    "web_search_preview_2025_03_11",
    "apply_patch",
)
REFERENCES_MAX_CHARS = 64
TOOLS_MAX = 128
PREFIXES: Final[Mapping[str, str]] = {"conversation": "conv", "previous_response_id": "resp"}

COUNT_KEYS: Final = frozenset(
    {
        "conversation",
        "input",
        "instructions",
        "model",
        "parallel_tool_calls",
        "personality",
        "previous_response_id",
        "reasoning",
        "text",
        "tool_choice",
        "tools",
        "truncation",
    }
)
"""The fields of `POST /responses/input_tokens` in the openai SDK 3.54."""

COMPACT_KEYS: Final = frozenset(
    {
        "image",
        "input",
        "instructions",
        "model",
        "previous_response_id",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "service_tier",
    }
)
"""The fields of `POST /responses/compact` in the openai SDK 3.54."""

KEYS: Final = (COUNT_KEYS - {"personality"}) | frozenset(
    {
        "access_programs",
        "background",
        "background_options",
        "context_management",
        "image",
        "include",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "moderation",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "top_logprobs",
        "top_p",
        "user",
    }
)
"""The fields of `POST /responses` in the openai SDK 3.54."""

UNTYPED: Final = frozenset({"frequency_penalty", "presence_penalty"})
"""Fields that the service takes and echoes although the SDK has none of them (measured in 2026)."""


def check(body: Reader) -> None:
    """Raise `Rejected` for the first echoed field that is wrong."""
    for key in TEXTS:
        body.text(key)
    for key in FLAGS:
        body.flag(key)
    body.texts("include")
    for key, limits in RANGES.items():
        value = body.integer(key) if limits.word == "integer" else body.number(key)
        if body.strict:
            check_range(key, value, limits)
    for key, inner in TEXTS_WITHIN.items():
        if (within := body.object(key)) is not None:
            for name in inner:
                within.text(name)
    _check_objects(body)


def _check_objects(body: Reader) -> None:
    if (metadata := body.object("metadata")) is not None:
        for key in tuple(metadata.value):
            metadata.text(key)
    if (options := body.object("stream_options")) is not None:
        options.flag("include_obfuscation")
    if (prompt := body.object("prompt")) is not None:
        prompt.require("id")
        prompt.text("id")
    if isinstance(body.raw("conversation"), str):
        return
    if (given := body.object("conversation")) is not None:
        given.require("id")
        given.text("id")


def check_strictly(body: Reader) -> None:
    """Raise `Rejected` for the first field with a value that OpenAI itself does not take. The
    types have been looked at."""
    for key, look in STRICT.items():
        if body.value.get(key) is not None:
            look(body, key)
    for steps, known in VALUES.items():
        holder = body.object(steps[0]) if len(steps) > 1 else body
        check_value(place(steps), holder and holder.raw(steps[-1]), known)


def _within(body: Reader, key: str) -> None:
    if (within := body.object(key)) is not None:
        check_keys(within, KEYS_WITHIN[key])


def _text(body: Reader, key: str) -> None:
    _within(body, key)
    text = body.object(key)
    form = text.object("format") if text else None
    if form is None or form.raw("type") != "json_schema":
        return
    form.require("name", "schema")
    check_name(form)
    schema = form.object("schema")
    refuse_output(
        form.text("name") or "",
        schema.value if schema else None,
        strict=form.flag("strict") is True,
        param="text.format.schema",
        code="invalid_json_schema",
    )


def _stream_options(body: Reader, key: str) -> None:
    if not body.raw("stream"):
        told = f"The '{key}' parameter is only allowed when 'stream' is enabled."
        raise Rejected(invalid(told, param=key))
    _within(body, key)


def _include(body: Reader, key: str) -> None:
    for index, value in enumerate(body.texts(key)):
        check_value(place((key, index)), value, INCLUDABLE)


def _tools(body: Reader, key: str) -> None:
    check_count(key, body.array(key), TOOLS_MAX)
    for tool in body.objects(key):
        tool.require("type")
        kind = tool.text("type") or ""
        if kind not in TOOL_KINDS:
            raise Rejected(unknown_value(kind, TOOL_KINDS, place((*tool.path, "type"))))
        if kind in ("function", "custom"):
            tool.require("name")
            check_name(tool)
        if kind == "function":
            _function(tool)


def _function(tool: Reader) -> None:
    tool.text("description")
    parameters = tool.object("parameters")
    refuse_function(
        tool.text("name") or "",
        parameters.value if parameters else None,
        strict=tool.flag("strict") is True,
        param=place((*tool.path, "parameters")),
    )


def _reference(body: Reader, key: str) -> None:
    check_length(key, body.text(key), REFERENCES_MAX_CHARS)


def _id(body: Reader, key: str) -> None:
    given = body.raw(key)
    given = given if isinstance(given, str) else given.get("id")
    prefix = PREFIXES[key]
    if isinstance(given, str) and not given.startswith(prefix):
        raise Rejected(
            invalid(
                f"Invalid '{key}': '{given}'. Expected an ID that begins with '{prefix}'.",
                param=key,
                code="invalid_value",
            )
        )


STRICT: Final[Mapping[str, Callable[[Reader, str], Any]]] = {
    "conversation": _id,
    "include": _include,
    "metadata": lambda body, key: check_metadata(body),
    "previous_response_id": _id,
    "prompt_cache_key": _reference,
    "reasoning": _within,
    "safety_identifier": _reference,
    "stream_options": _stream_options,
    "text": _text,
    "tools": _tools,
}
