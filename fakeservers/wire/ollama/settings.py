"""What chat and generate ask for in the same fields: options, format, think, keep_alive.

Nothing here knows messages or prompts.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

from ...canonical import OutputFormat, Rejected, ThinkingOptions
from ..reading import Reader
from .gojson import dumps, invalid, literal

__all__ = ["TYPES", "Settings", "keep_alive_s", "streams", "tidy", "unloads"]

TYPES: Mapping[str, str] = {
    "options": "map[string]interface {}",
    "context": "[]int",
    "context[]": "int",
    "images": "[]api.ImageData",
    "images[]": "api.ImageData",
}

FOREVER_S = 9_223_372_036.0
"""The longest time.Duration of Go: 292 years."""

UNLOADED = 500
"""The status of what goes wrong while the model is loaded or runs, whoever is at fault."""

LEVELS = ("high", "medium", "low", "max")

_DURATION = re.compile(r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+")
_DURATION_PART = re.compile(r"([\d.]+)(ns|us|µs|μs|ms|s|m|h)")
_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_BARE_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)")

_INTEGERS = [
    "num_keep",
    "seed",
    "num_predict",
    "top_k",
    "repeat_last_n",
    "num_ctx",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "num_thread",
]
_FLOATS = [
    "top_p",
    "min_p",
    "typical_p",
    "temperature",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
]


class Settings(NamedTuple):
    max_tokens: int | None
    stop: tuple[str, ...]
    output: OutputFormat
    thinking: ThinkingOptions
    stream: bool
    context_window: int | None
    truncates: bool

    @classmethod
    def of(cls, body: Reader) -> Self:
        if not body.strict:
            tidy(body)
        max_tokens, stop, window = _options(body.object("options"))
        output, thinking, stream = _output(body), _thinking(body), streams(body)
        keep_alive_s(body.raw("keep_alive"))
        for flag in ("raw", "truncate", "shift", "logprobs", "insecure"):
            body.flag(flag)
        if not 0 <= (body.integer("top_logprobs") or 0) <= 20 and body.strict:
            raise invalid("top_logprobs must be between 0 and 20")
        truncates = body.flag("truncate") is not False
        return cls(max_tokens, stop, output, thinking, stream, window, truncates)


def tidy(body: Reader) -> None:
    """Take out of the body what would be refused, for a fake that does not validate."""
    for key, read in _READ.items():
        try:
            read(body)
        except Rejected:
            body.drop(key)
    options = body.object("options")
    for name in (*_INTEGERS, *_FLOATS) if options else ():
        value = options and options.raw(name)
        if options and (isinstance(value, bool) or not isinstance(value, int | float)):
            options.drop(name)
    if options and options.has("stop"):
        try:
            _stop(options)
        except Rejected:
            options.drop("stop")


def streams(body: Reader) -> bool:
    """Every operation that can stream does, unless it is told not to."""
    return body.flag("stream") is not False


def unloads(body: Reader) -> bool:
    """Whether `keep_alive` is given and zero: with nothing to say, the model is unloaded."""
    return keep_alive_s(body.raw("keep_alive")) == 0


def keep_alive_s(value: Any) -> float | None:
    """The seconds of a `keep_alive`: a number of them, or a duration such as "5m"; None when
    there is none. Below zero it is for ever."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(min(value, FOREVER_S))
    elif isinstance(value, str):
        seconds = _duration_s(value)
    else:
        name = {bool: "bool", list: "[]interface {}"}.get(type(value), "map[string]interface {}")
        raise invalid(f"Unsupported type: '{name}'")
    return seconds if 0 <= seconds <= FOREVER_S else FOREVER_S


def _duration_s(text: str) -> float:
    """As Go's time.ParseDuration: a unit is required, but for "0"."""
    if text.lstrip("+-") != "0" and not _DURATION.fullmatch(text):
        problem = "missing unit in" if _BARE_NUMBER.fullmatch(text) else "invalid"
        raise invalid(f"time: {problem} duration {literal(text)}")
    seconds = sum(float(count) * _UNITS_S[unit] for count, unit in _DURATION_PART.findall(text))
    return -seconds if text.startswith("-") else seconds


def _options(options: Reader | None) -> tuple[int | None, tuple[str, ...], int | None]:
    """`num_predict`, `stop` and `num_ctx`. An option of a wrong type fails the server's loading
    of the model, which it answers with 500. Unknown ones are ignored."""
    if options is None:
        return None, (), None
    for name in _INTEGERS:
        _check(options, name, "integer")
    for name in _FLOATS:
        _check(options, name, "float32")
    limit = options.raw("num_predict")
    # -1 is no limit, -2 fills the context.
    max_tokens = int(limit) if limit is not None and 0 < limit < 2**31 else None
    window = options.raw("num_ctx")
    context_window = int(window) if window is not None and 0 < window < 2**31 else None
    return max_tokens or None, _stop(options), context_window


def _check(options: Reader, name: str, kind: str) -> None:
    value = options.raw(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise invalid(f'option "{name}" must be of type {kind}', UNLOADED)


def _stop(options: Reader) -> tuple[str, ...]:
    value = options.raw("stop")
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,) if value else ()
    if not isinstance(value, list):
        raise invalid('option "stop" must be of type array', UNLOADED)
    if not all(isinstance(item, str) for item in value):
        raise invalid('option "stop" must be of an array of strings', UNLOADED)
    return tuple(item for item in value if item)


def _output(body: Reader) -> OutputFormat:
    """`format`: empty, "json", or a JSON schema."""
    value: Any = body.raw("format")
    if value is None or value == "":
        return OutputFormat()
    if value == "json":
        return OutputFormat(kind="json")
    if isinstance(value, dict):
        return OutputFormat(kind="schema", schema=value)
    told = 'expected "json" or a valid JSON Schema object'
    raise invalid(f"invalid format: {literal(dumps(value))}; {told}", UNLOADED)


def _thinking(body: Reader) -> ThinkingOptions:
    """`think`: on, off, or a level (as Ollama 0.35 refuses others)."""
    value: Any = body.raw("think")
    if value is None or isinstance(value, bool):
        return ThinkingOptions(enabled=bool(value))
    allowed = '"high", "medium", "low", "max", true, or false'
    if not isinstance(value, str):
        raise invalid(f"think must be a boolean or string ({allowed})")
    if value not in LEVELS:
        raise invalid(f"invalid think value: {literal(value)} (must be {allowed})")
    return ThinkingOptions(enabled=True)


_READ: Mapping[str, Callable[[Reader], Any]] = {
    "format": _output,
    "keep_alive": lambda body: keep_alive_s(body.raw("keep_alive")),
    "think": _thinking,
}
