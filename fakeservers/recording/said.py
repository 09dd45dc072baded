"""What a real answer says, as the journal shows it: text, thoughts, refusals and calls of tools.

Read apart from the fakes' own wire, which only writes. What is not understood is left out: the
answer itself is what the client reads.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..canonical import Finish, Part, Refusal, Reply, Text, Thinking, ToolCall
from .used import objects, table

__all__ = ["replies_of"]

Kind = Literal["text", "thinking", "refusal", "tool"]

_FINISHES: Mapping[str, Finish] = {
    "content_filter": "content_filter",
    "SAFETY": "content_filter",
    "length": "length",
    "max_output_tokens": "length",
    "max_tokens": "length",
    "MAX_TOKENS": "length",
    "refusal": "refusal",
    "stop_sequence": "stop_sequence",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
}
"""The providers' words for why an answer ended; every other one is `stop`."""


@dataclass(slots=True)
class _Piece:
    """Something said, in the choice and at the place where it stands; what comes of it later in a
    stream is put behind it."""

    choice: int
    place: object
    kind: Kind
    text: str
    name: str = ""
    id: str = ""


@dataclass(slots=True)
class _Choice:
    parts: dict[object, _Piece] = field(default_factory=dict)
    finish: str = ""


def replies_of(provider: str, status: int, body: bytes) -> tuple[Reply, ...]:
    """What the choices of an answer say, whole or streamed; nothing for an error."""
    read = _READ.get(provider)
    if read is None or status >= 400:
        return ()
    choices: dict[int, _Choice] = {}
    for one in objects(body):
        for said in read(one):
            if isinstance(said, str):
                choices.setdefault(0, _Choice()).finish = said
                continue
            parts = choices.setdefault(said.choice, _Choice()).parts
            if (begun := parts.setdefault((said.kind, said.place), said)) is not said:
                begun.text += said.text
    return tuple(_reply(choices[number]) for number in sorted(choices) if choices[number].parts)


def _reply(choice: _Choice) -> Reply:
    parts = tuple(_part(said) for said in choice.parts.values() if said.text or said.name)
    finish = _FINISHES.get(choice.finish, "stop")
    if finish == "stop" and any(isinstance(part, ToolCall) for part in parts):
        finish = "tool_calls"
    return Reply(parts=parts, finish=finish)


def _part(said: _Piece) -> Part:
    match said.kind:
        case "text":
            return Text(said.text)
        case "thinking":
            return Thinking(said.text)
        case "refusal":
            return Refusal(said.text)
        case "tool":
            return ToolCall(said.name, _arguments(said.text), said.id)


def _arguments(text: str) -> Mapping[str, Any] | str:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return text
    return value if isinstance(value, dict) else text


def _claude(one: dict[str, Any]) -> Iterator[_Piece | str]:
    at = one.get("index", 0)
    blocks = [(at, table(one, "content_block")), (at, table(one, "delta"))]
    if isinstance(one.get("content"), list):
        blocks = list(enumerate(one["content"]))
    for place, block in blocks:
        match block.get("type"):
            case "text" | "text_delta":
                yield _Piece(0, place, "text", _text(block, "text"))
            case "thinking" | "thinking_delta":
                yield _Piece(0, place, "thinking", _text(block, "thinking"))
            case "tool_use":
                # In a stream the arguments come later.
                given = json.dumps(block["input"]) if block.get("input") else ""
                yield _Piece(0, place, "tool", given, _text(block, "name"), _text(block, "id"))
            case "input_json_delta":
                yield _Piece(0, place, "tool", _text(block, "partial_json"))
    if stopped := _text(one, "stop_reason") or _text(table(one, "delta"), "stop_reason"):
        yield stopped


def _openai(one: dict[str, Any]) -> Iterator[_Piece | str]:
    for choice in _tables(one, "choices"):
        number = choice.get("index", 0)
        message = table(choice, "message") or table(choice, "delta")
        yield _Piece(number, 0, "thinking", _text(message, "reasoning_content"))
        yield _Piece(number, 0, "text", _text(message, "content") or _text(choice, "text"))
        yield _Piece(number, 0, "refusal", _text(message, "refusal"))
        for place, call in enumerate(_tables(message, "tool_calls")):
            made = table(call, "function")
            at, name = call.get("index", place), _text(made, "name")
            yield _Piece(number, at, "tool", _text(made, "arguments"), name, _text(call, "id"))
        if number == 0 and (stopped := _text(choice, "finish_reason")):
            yield stopped
    response = table(one, "response") or one
    if one.get("type") in ("response.completed", "response.incomplete") or "output" in one:
        yield from _responses(response)


def _responses(response: dict[str, Any]) -> Iterator[_Piece | str]:
    """The Responses API says at its end all that there was."""
    for place, item in enumerate(_tables(response, "output")):
        if item.get("type") == "function_call":
            name, id = _text(item, "name"), _text(item, "call_id")
            yield _Piece(0, place, "tool", _text(item, "arguments"), name, id)
        for within, part in enumerate((*_tables(item, "summary"), *_tables(item, "content"))):
            at = (place, within)
            match part.get("type"):
                case "output_text":
                    yield _Piece(0, at, "text", _text(part, "text"))
                case "refusal":
                    yield _Piece(0, at, "refusal", _text(part, "refusal"))
                case "summary_text" | "reasoning_text":
                    yield _Piece(0, at, "thinking", _text(part, "text"))
    if stopped := _text(table(response, "incomplete_details"), "reason"):
        yield stopped


def _gemini(one: dict[str, Any]) -> Iterator[_Piece | str]:
    for candidate in _tables(one, "candidates"):
        number = candidate.get("index", 0)
        for part in _tables(table(candidate, "content"), "parts"):
            if call := table(part, "functionCall"):
                given = json.dumps(table(call, "args"))
                at = object()  # each comes whole
                yield _Piece(number, at, "tool", given, _text(call, "name"), _text(call, "id"))
            elif said := _text(part, "text"):
                yield _Piece(number, 0, "thinking" if part.get("thought") else "text", said)
        if number == 0 and (stopped := _text(candidate, "finishReason")):
            yield stopped


def _ollama(one: dict[str, Any]) -> Iterator[_Piece | str]:
    message = table(one, "message") or one
    yield _Piece(0, 0, "thinking", _text(message, "thinking"))
    yield _Piece(0, 0, "text", _text(message, "content") or _text(one, "response"))
    for call in _tables(message, "tool_calls"):
        made = table(call, "function")
        given = json.dumps(table(made, "arguments"))
        yield _Piece(0, object(), "tool", given, _text(made, "name"))
    if stopped := _text(one, "done_reason"):
        yield stopped


_READ = {"claude": _claude, "openai": _openai, "gemini": _gemini, "ollama": _ollama}


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def _tables(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = value.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
