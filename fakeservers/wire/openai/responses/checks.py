"""Checks of the fields that a request's answer echoes: their types, and ranges of numbers.

Fields that decide what is answered are read, and checked, in `request.py`.
"""

from collections.abc import Mapping
from itertools import zip_longest
from typing import NamedTuple

from ....canonical import Rejected
from ...reading import Reader
from ..errors import invalid

__all__ = ["Range", "check", "check_range"]

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
TEXTS_WITHIN: Mapping[str, tuple[str, ...]] = {
    "text": ("verbosity",),
    "reasoning": ("context", "effort", "generate_summary", "mode", "summary"),
}


CALLERS = ("custom_tool_call_output", "function_call_output")


class Range(NamedTuple):
    """The numbers that a field takes, and what OpenAI calls their type."""

    word: str
    low: float
    high: float | None = None


RANGES: Mapping[str, Range] = {
    "max_output_tokens": Range("integer", 16),
    "max_tool_calls": Range("integer", 1),
    "temperature": Range("decimal", 0, 2),
    "top_logprobs": Range("integer", 0, 20),
    "top_p": Range("decimal", 0, 1),
}


def check(body: Reader) -> None:
    """Raise `Rejected` for the first echoed field that is wrong."""
    for key in TEXTS:
        body.text(key)
    for key in FLAGS:
        body.flag(key)
    body.texts("include")
    for key, limits in RANGES.items():
        value = body.integer(key) if limits.word == "integer" else body.number(key)
        check_range(key, value, limits)
    for key, inner in TEXTS_WITHIN.items():
        if (within := body.object(key)) is not None:
            for name in inner:
                within.text(name)
    _check_objects(body)
    _check_pairs(body)


def check_range(key: str, value: float | None, limits: Range) -> None:
    """Raise `Rejected` for a number outside its range (recorded for `temperature` in 2026)."""
    if value is None:
        return
    if limits.high is not None and value > limits.high:
        side, bound, code = "above maximum", f"<= {limits.high}", "above_max"
    elif not value >= limits.low:
        side, bound, code = "below minimum", f">= {limits.low}", "below_min"
    else:
        return
    raise Rejected(
        invalid(
            f"Invalid '{key}': {limits.word} {side} value. Expected a value {bound}, "
            f"but got {value} instead.",
            param=key,
            code=f"{limits.word}_{code}_value",
        )
    )


def _check_objects(body: Reader) -> None:
    if (metadata := body.object("metadata")) is not None:
        for key in metadata.value:
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


def _check_pairs(body: Reader) -> None:
    """A reasoning item that is sent back needs the item that it led to (recorded 2025)."""
    if not isinstance(body.raw("input"), list):
        return
    items = list(body.objects("input"))
    stateless = body.raw("store") is False
    for item, following in zip_longest(items, items[1:]):
        if item.raw("type") != "reasoning" or not item.text("id"):
            continue
        sealed = stateless and bool(item.raw("encrypted_content"))
        if following is None or _is_callers(following, sealed=sealed):
            raise Rejected(
                invalid(
                    f"Item '{item.raw('id')}' of type 'reasoning' was provided without its "
                    f"required following item.",
                    param="input",
                )
            )


def _is_callers(item: Reader, *, sealed: bool) -> bool:
    """Whether the caller wrote the item, rather than sent back what the model had said.

    After reasoning that is `sealed`, all of it in its `encrypted_content` and nothing kept on the
    server, nothing is looked up: clients then send assistant messages without ids. Where the
    server keeps responses that is refused (recorded 2025).
    """
    kind = item.raw("type") or "message"
    if kind != "message":
        return kind in CALLERS
    return not (item.has("id") or (sealed and item.raw("role") == "assistant"))
