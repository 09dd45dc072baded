"""What OpenAI itself refuses in the fields of a chat completion request; providers with a
compatible API take it. What does not go together stands in `chat_rules`.

What decides the answer is read, and checked, in `chat_request` and `chat_options`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ...canonical import Rejected
from ..reading import Reader
from .rules import Range, check_count, check_keys, check_name, check_range, check_value
from .wording import empty_array, invalid, place, unknown_value

__all__ = ["KEYS", "check_fields"]

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


def check_fields(body: Reader) -> None:
    """Raise `Rejected` for the first field with a wrong type or value."""
    for key in body.value:
        if (read := FIELDS.get(key)) is not None:
            _check_value(key, read(body, key))
    stops = body.raw("stop")
    check_count("stop", stops if isinstance(stops, list) else None, STOPS_MAX)
    if "stream_options" in body.value:
        _check_stream_options(body)
    if "tools" in body.value or "functions" in body.value:
        _check_names(body)


def _check_value(key: str, value: Any) -> None:
    if value is None:
        return
    if (limits := RANGES.get(key)) is not None:
        check_range(key, value, limits)
    elif (known := VALUES.get(key)) is not None:
        check_value(key, value, known)


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
    check_keys(options, STREAM_KEYS)
    for key in options.value:
        options.flag(key)


def _check_names(body: Reader) -> None:
    if body.has("tools") and not body.raw("tools"):
        raise Rejected(empty_array("tools"))
    for tool in body.objects("tools"):
        kind = tool.text("type") or ""
        if kind not in KINDS:
            raise Rejected(unknown_value(kind, KINDS, place((*tool.path, "type"))))
        if (holder := tool.object(kind)) is not None:
            check_name(holder)
    for function in body.objects("functions"):
        check_name(function)
