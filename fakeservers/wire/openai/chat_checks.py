"""What OpenAI itself refuses in the fields of a chat completion request; providers with a
compatible API take it. What does not go together stands in `chat_rules`.

What decides the answer is read, and checked, in `chat_request` and `chat_options`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...canonical import Rejected
from ..reading import Reader
from .rules import (
    Range,
    check_count,
    check_keys,
    check_length,
    check_metadata,
    check_name,
    check_range,
    check_value,
)
from .schemas import refuse_function, refuse_output
from .wording import empty_array, invalid, place, unknown_value

__all__ = ["KEYS", "PLAIN", "check_fields"]

PLAIN: Final = frozenset({"messages", "model", "stream"})
"""What a request holds that needs no closer look than its reading."""

BIAS = Range("decimal", -100, 100)
FUNCTIONS_MAX = 128
KINDS = ("function", "custom")
MODALITIES = ("text", "audio")
REFERENCES_MAX_CHARS = 64
STOPS_MAX = 4
STREAM_KEYS = frozenset({"include_obfuscation", "include_usage"})

RANGES: Final[Mapping[str, Range]] = {
    "frequency_penalty": Range("decimal", -2, 2),
    "max_completion_tokens": Range("integer", 1),
    "max_tokens": Range("integer", 1),
    "presence_penalty": Range("decimal", -2, 2),
    "seed": Range("integer", -(2**63), 2**63 - 1),
    "temperature": Range("decimal", 0, 2),
    "top_logprobs": Range("integer", 0, 20),
    "top_p": Range("decimal", 0, 1),
}
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "prompt_cache_retention": ("in_memory", "24h"),
    "reasoning_effort": ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "service_tier": ("auto", "default", "flex", "scale", "priority", "fast"),
    "verbosity": ("low", "medium", "high"),
}


def check_fields(body: Reader) -> None:
    """Raise `Rejected` for the first field with a wrong type or value, in OpenAI's order
    (measured: that of `FIELDS`, whatever the order of the body)."""
    value = body.value
    for key in sorted(value.keys() & FIELDS.keys(), key=_ORDER.__getitem__):
        if value[key] is not None:
            FIELDS[key](body, key)


# --- fields that are more than a value ------------------------------------------------------


def _functions(body: Reader, key: str) -> None:
    check_count(key, body.array(key), FUNCTIONS_MAX)
    for function in body.objects(key):
        _function(function)


def _tools(body: Reader, key: str) -> None:
    if not body.array(key):
        raise Rejected(empty_array(key))
    check_count(key, body.array(key), FUNCTIONS_MAX)
    for tool in body.objects(key):
        tool.require("type")
        kind = tool.text("type") or ""
        if kind not in KINDS:
            raise Rejected(unknown_value(kind, KINDS, place((*tool.path, "type"))))
        tool.require(kind)
        if (holder := tool.object(kind)) is not None:
            _function(holder)


def _function(holder: Reader) -> None:
    holder.require("name")
    check_name(holder)
    holder.text("description")
    strict = holder.flag("strict") is True
    parameters = holder.object("parameters")
    param = place((*holder.path, "parameters"))
    schema = parameters.value if parameters else None
    refuse_function(holder.text("name") or "", schema, strict=strict, param=param)


def _stop(body: Reader, key: str) -> None:
    given = body.raw(key)
    if isinstance(given, str):
        return
    if not isinstance(given, list):
        raise body.reject(key, "string", "array")
    check_count(key, body.texts(key), STOPS_MAX)


def _response_format(body: Reader, key: str) -> None:
    wanted = body.object(key)
    if wanted is None or wanted.raw("type") != "json_schema":
        return
    wanted.require("json_schema")
    holder = wanted.object("json_schema")
    if holder is None:
        return
    holder.require("name")
    check_name(holder)
    schema = holder.object("schema")
    if schema is not None:
        strict = holder.flag("strict") is True
        name = holder.text("name") or ""
        refuse_output(name, schema.value, strict=strict, param=key, code=None)


def _stream_options(body: Reader, key: str) -> None:
    options = body.object(key)
    if options is None:
        return
    if not body.raw("stream"):
        raise Rejected(_only_with(key, "stream"))
    check_keys(options, STREAM_KEYS)
    for name in options.value:
        options.flag(name)


def _top_logprobs(body: Reader, key: str) -> None:
    check_range(key, body.integer(key), RANGES[key])
    if not body.raw("logprobs"):
        raise Rejected(_only_with(key, "logprobs"))


def _modalities(body: Reader, key: str) -> None:
    for index, value in enumerate(body.texts(key)):
        check_value(place((key, index)), value, MODALITIES)


def _logit_bias(body: Reader, key: str) -> None:
    if (biases := body.object(key)) is not None:
        for token in biases.value:
            check_range(place((key, token)), biases.number(token), BIAS)


def _reference(body: Reader, key: str) -> None:
    check_length(key, body.text(key), REFERENCES_MAX_CHARS)


def _only_with(key: str, other: str) -> Any:
    return invalid(f"The '{key}' parameter is only allowed when '{other}' is enabled.", param=key)


# --- fields with one value ------------------------------------------------------------------


def _integer(body: Reader, key: str) -> None:
    check_range(key, body.integer(key), RANGES[key])


def _number(body: Reader, key: str) -> None:
    check_range(key, body.number(key), RANGES[key])


def _one_of(body: Reader, key: str) -> None:
    check_value(key, body.text(key), VALUES[key])


FIELDS: Final[Mapping[str, Callable[[Reader, str], Any]]] = {
    "functions": _functions,
    "tools": _tools,
    "parallel_tool_calls": Reader.flag,
    "max_completion_tokens": _integer,
    "max_tokens": _integer,
    "temperature": _number,
    "top_p": _number,
    "presence_penalty": _number,
    "frequency_penalty": _number,
    "logit_bias": _logit_bias,
    "logprobs": Reader.flag,
    "top_logprobs": _top_logprobs,
    "stop": _stop,
    "stream_options": _stream_options,
    "response_format": _response_format,
    "reasoning_effort": _one_of,
    "verbosity": _one_of,
    "seed": _integer,
    "service_tier": _one_of,
    "store": Reader.flag,
    "metadata": lambda body, key: check_metadata(body),
    "modalities": _modalities,
    "audio": Reader.object,
    "moderation": Reader.object,
    "prediction": Reader.object,
    "prompt_cache_key": _reference,
    "prompt_cache_options": Reader.object,
    "prompt_cache_retention": _one_of,
    "safety_identifier": _reference,
    "user": Reader.text,
    "web_search_options": Reader.object,
}
"""What is looked at beyond reading, as the openai SDK 3.54 names it, in the order measured."""

_ORDER: Final = {key: nth for nth, key in enumerate(FIELDS)}

KEYS: Final = PLAIN | FIELDS.keys() | {"function_call", "n", "tool_choice"}
