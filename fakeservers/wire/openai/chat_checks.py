"""What OpenAI itself refuses in the fields of a chat completion request; providers with a
compatible API take it. What does not go together stands in `chat_rules`.

What decides the answer is read, and checked, in `chat_request` and `chat_options`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ...canonical import ApiError, Rejected
from ..reading import Reader
from .responses.checks import Range, check_range
from .wording import empty_array, invalid, place, unknown_value

__all__ = ["check_fields", "check_keys"]

FIELDS: Mapping[str, Callable[[Reader, str], Any]] = {
    "audio": Reader.object,
    "frequency_penalty": Reader.number,
    "logit_bias": Reader.object,
    "logprobs": Reader.flag,
    "max_completion_tokens": Reader.integer,
    "max_tokens": Reader.integer,
    "metadata": Reader.object,
    "modalities": Reader.texts,
    "moderation": Reader.object,
    "prediction": Reader.object,
    "presence_penalty": Reader.number,
    "prompt_cache_key": Reader.text,
    "prompt_cache_options": Reader.object,
    "prompt_cache_retention": Reader.text,
    "reasoning_effort": Reader.text,
    "safety_identifier": Reader.text,
    "seed": Reader.integer,
    "service_tier": Reader.text,
    "store": Reader.flag,
    "stream_options": Reader.object,
    "temperature": Reader.number,
    "top_logprobs": Reader.integer,
    "top_p": Reader.number,
    "user": Reader.text,
    "verbosity": Reader.text,
    "web_search_options": Reader.object,
}
"""Fields that only need the right type, as the openai SDK 3.54 names them."""

KEYS = FIELDS.keys() | {
    "function_call",
    "functions",
    "messages",
    "model",
    "n",
    "parallel_tool_calls",
    "response_format",
    "stop",
    "stream",
    "tool_choice",
    "tools",
}
KINDS = ("function", "custom")
STREAM_KEYS = frozenset({"include_obfuscation", "include_usage"})
STOPS_MAX = 4
NAME_MAX = 64
_NAME = re.compile(r"[a-zA-Z0-9_-]*")

RANGES: Mapping[str, Range] = {
    "frequency_penalty": Range("decimal", -2, 2),
    "max_completion_tokens": Range("integer", 1),
    "max_tokens": Range("integer", 1),
    "presence_penalty": Range("decimal", -2, 2),
    "temperature": Range("decimal", 0, 2),
    "top_logprobs": Range("integer", 0, 20),
    "top_p": Range("decimal", 0, 1),
}
VALUES: Mapping[str, tuple[str, ...]] = {
    "reasoning_effort": ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "service_tier": ("auto", "default", "flex", "scale", "priority", "fast"),
    "verbosity": ("low", "medium", "high"),
}


def check_keys(body: Reader) -> None:
    """Raise `Rejected` for the first field that there is not (measured: before all others)."""
    if body.value.keys() <= KEYS:
        return
    name = next(key for key in body.value if key not in KEYS)
    raise Rejected(_unknown(name))


def check_fields(body: Reader) -> None:
    """Raise `Rejected` for the first field with a wrong type or value."""
    for key in body.value:
        if (read := FIELDS.get(key)) is not None:
            _check_value(key, read(body, key))
    stops = body.raw("stop")
    if isinstance(stops, list) and len(stops) > STOPS_MAX:
        raise Rejected(_too_long("stop", "array", STOPS_MAX, len(stops)))
    if "stream_options" in body.value:
        _check_stream_options(body)
    if "tools" in body.value or "functions" in body.value:
        _check_names(body)


def _check_value(key: str, value: Any) -> None:
    if value is None:
        return
    if (limits := RANGES.get(key)) is not None:
        check_range(key, value, limits)
    elif (known := VALUES.get(key)) is not None and value not in known:
        raise Rejected(unknown_value(value, known, key))


def _check_stream_options(body: Reader) -> None:
    options = body.object("stream_options")
    if options is None:
        return
    if not body.raw("stream"):
        raise Rejected(
            invalid(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                param="stream_options",
            )
        )
    for key in options.value:
        if key not in STREAM_KEYS:
            raise Rejected(_unknown(place((*options.path, key))))
        options.flag(key)


def _check_names(body: Reader) -> None:
    if body.has("tools") and not body.raw("tools"):
        raise Rejected(empty_array("tools"))
    for tool in body.objects("tools"):
        kind = tool.text("type") or ""
        if kind not in KINDS:
            raise Rejected(unknown_value(kind, KINDS, place((*tool.path, "type"))))
        if (holder := tool.object(kind)) is not None:
            _check_name(holder)
    for function in body.objects("functions"):
        _check_name(function)


def _check_name(holder: Reader) -> None:
    name = holder.text("name") or ""
    param = place((*holder.path, "name"))
    if not _NAME.fullmatch(name):
        raise Rejected(
            invalid(
                f"Invalid '{param}': string does not match pattern. Expected a string that "
                f"matches the pattern '^[a-zA-Z0-9_-]+$'.",
                param=param,
                code="invalid_value",
            )
        )
    if len(name) > NAME_MAX:
        raise Rejected(_too_long(param, "string", NAME_MAX, len(name)))


def _unknown(name: str) -> ApiError:
    return invalid(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def _too_long(param: str, kind: str, most: int, length: int) -> ApiError:
    article = "an" if kind == "array" else "a"
    return invalid(
        f"Invalid '{param}': {kind} too long. Expected {article} {kind} with maximum length "
        f"{most}, but got {article} {kind} with length {length} instead.",
        param=param,
        code=f"{kind}_above_max_length",
    )
