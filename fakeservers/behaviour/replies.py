"""What a script may say: the constructors of replies, and how loose values become replies.

A script may give a text, a JSON object, an instance of a pydantic model, bytes, a part, a list of
parts, a whole reply, or a function of the request that returns one of those.
"""

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, cast, get_args

from ..canonical import (
    ChatRequest,
    Finish,
    Part,
    RawReply,
    Refusal,
    Reply,
    Text,
    Thinking,
    ToolCall,
)
from ..errors import ScriptError, own_keywords

__all__ = [
    "ReplyLike",
    "Scripted",
    "raw",
    "refusal",
    "reply",
    "scripted",
    "structured",
    "text",
    "thinking",
    "tool_call",
]

# Providers' own words, in capitals or not.
_FINISHES: Mapping[str, Finish] = {
    "MAX_TOKENS": "length",
    "max_output_tokens": "length",
    "max_tokens": "length",
    "end_turn": "stop",
    "tool_use": "tool_calls",
    "SAFETY": "content_filter",
}

_SDKS = ("anthropic", "google", "ollama", "openai")
"""Their answers are pydantic models too, of which each provider has its own."""

Scripted = Reply | RawReply | Callable[[ChatRequest], Any]
ReplyLike = Any

_WRITE_INSTEAD = (
    "Write a text, a JSON object, an instance of your pydantic model, tool_call(name, key=value), "
    "thinking(text), refusal(text), structured(value), raw(bytes), a list of those for one reply "
    "of several parts, or a function of the request."
)


@own_keywords
def text(value: str, *, chunks: tuple[str, ...] | list[str] = ()) -> Text:
    """Visible text, streamed in exactly `chunks` when given (joined they must be the text)."""
    if chunks and "".join(chunks) != value:
        raise ScriptError(
            f"text({value!r}, chunks=...): the chunks join to {''.join(chunks)!r}. "
            f"Give chunks that join to the text, or leave them out."
        )
    return Text(value, tuple(chunks))


@own_keywords
def thinking(value: str, *, signature: str = "") -> Thinking:
    """Reasoning before the answer; the signature is made up when empty."""
    return Thinking(value, signature)


@own_keywords
def refusal(value: str = "I'm sorry, but I can't help with that.") -> Refusal:
    """The model declines, in each provider's own way of saying so."""
    return Refusal(value)


def tool_call(
    name: str,
    arguments: Mapping[str, Any] | str | None = None,
    /,
    *,
    call_id: str = "",
    **named: Any,
) -> ToolCall:
    """A call of tool `name`: `tool_call("get_weather", city="Paris")`. Arguments whose names
    clash go into one mapping; a string is sent as it is, even when it is broken JSON."""
    if arguments is not None and named:
        raise ScriptError(
            f"tool_call({name!r}) got both a mapping and named arguments. "
            f"Write all of them in one place."
        )
    return ToolCall(name, named if arguments is None else arguments, call_id)


@own_keywords
def structured(value: Any) -> Text:
    """A JSON value, or an instance of a pydantic model, as text, as a model with structured output
    sends it."""
    if _is_model(value):
        value = value.model_dump(mode="json", by_alias=True)
    try:
        return Text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except (TypeError, ValueError) as problem:
        raise ScriptError(f"structured({value!r}) is not JSON: {problem}.") from problem


@own_keywords
def raw(
    body: bytes | str,
    *,
    status: int = 200,
    content_type: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> RawReply:
    """Bytes sent as they are; the content type is the provider's unless given."""
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ScriptError(f"raw(...) has a status from 200 to 599, not {status!r}.")
    return RawReply(
        body=body.encode() if isinstance(body, str) else bytes(body),
        status=status,
        content_type=content_type,
        headers=tuple((headers or {}).items()),
    )


@own_keywords
def reply(
    *parts: ReplyLike, finish: Finish | None = None, stop_sequence: str | None = None
) -> Reply:
    """One reply of several parts, with the reason why the model stopped."""
    made = tuple(_part(part) for part in parts)
    if finish is not None and finish not in get_args(Finish):
        allowed = ", ".join(get_args(Finish))
        near = get_close_matches(str(finish), get_args(Finish), n=1, cutoff=0.4)
        meant = _FINISHES.get(str(finish)) or (near[0] if near else "stop")
        raise ScriptError(
            f"reply(finish={finish!r}): every provider has a word of its own for {meant!r}, which "
            f"is what to write here; there are {allowed}."
        )
    if finish is None:
        finish = "stop_sequence" if stop_sequence is not None else _finish(made)
    return Reply(parts=made, finish=finish, stop_sequence=stop_sequence)


def scripted(value: ReplyLike) -> Scripted:
    """What a script's `value` means. Raises ScriptError that says what to write instead."""
    if isinstance(value, Reply | RawReply):
        return value
    if isinstance(value, bytes):
        return raw(value)
    if isinstance(value, list | tuple):
        if not value:
            raise ScriptError(f"An empty list is no reply. {_WRITE_INSTEAD}")
        return reply(*value)
    if isinstance(value, str | Mapping | Part) or _is_model(value):
        return reply(value)
    if callable(value):
        return cast(Callable[[ChatRequest], Any], value)
    raise ScriptError(f"{value!r} is no reply. {_WRITE_INSTEAD}")


def _part(value: Any) -> Part:
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, Mapping) or _is_model(value):
        return structured(value)
    if isinstance(value, Part):
        return value
    raise ScriptError(f"{value!r} is no part of a reply. {_WRITE_INSTEAD}")


def _is_model(value: Any) -> bool:
    """Whether it is an instance of a pydantic model of the program's own."""
    kind = type(value)
    return hasattr(kind, "model_dump") and kind.__module__.partition(".")[0] not in _SDKS


def _finish(parts: tuple[Part, ...]) -> Finish:
    if any(isinstance(part, ToolCall) for part in parts):
        return "tool_calls"
    return "refusal" if any(isinstance(part, Refusal) for part in parts) else "stop"
