"""What a fake answers when nothing is scripted: a whole reply, within the request's limits.

In this order: tool calls, JSON that was asked for, prose. Each is made elsewhere; here they
are put together and cut to `max_tokens` and the stop sequences.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from ...canonical import ChatRequest, Finish, Part, Refusal, Reply, Text, Thinking, ToolCall
from ...pieces import pieces
from ..hints import Hints
from ..schema.example import example
from ..tokens import count_reply
from .prose import answer, literal, paragraph, reasoning
from .tooluse import chosen_calls

__all__ = ["bounded", "natural_reply"]

OBJECTS_TRIED_MAX = 8
KEYS_MAX = 16
PROMPT_CHARS_MAX = 4_000

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_JSON_WANTED = re.compile(r"\bjson\b[^.]{0,80}\bschema\b", re.IGNORECASE)
_JSON_ASKED = re.compile(
    r"\b(?:answer|give\s+me|output|reply|respond|return)"
    r"(?:\s+(?:only|just|in|as|with|using|an?|your|answer|valid|raw|pure|strict|single))*"
    r"\s+json\b(?!\s+(?:librar(?:y|ies)|parsers?|schemas?)\b)",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    r"\b(?:reply|respond|answer|return|output|say)\b[^{\n]{0,60}\{", re.IGNORECASE
)
_KEY = re.compile(r"[\"'`]([A-Za-z_][\w-]{0,40})[\"'`]")


def natural_reply(request: ChatRequest, random: Random) -> Reply:
    """What a cooperative model would say to `request`; the same for the same random state."""
    parts: list[Part] = []
    if request.thinking.enabled:
        parts.append(Thinking(reasoning(request.prompt, random)))
    calls = chosen_calls(request, random)
    finish: Finish = "tool_calls" if calls else "stop"
    parts.extend(calls or (Text(_text(request, random)),))
    return bounded(Reply(parts=tuple(parts), finish=finish), request)


# --- text -------------------------------------------------------------------------------


def _text(request: ChatRequest, random: Random) -> str:
    output = request.output
    if output.kind == "schema" and output.schema is not None:
        return _dumps(example(output.schema, random, _hints(request)))
    asked = output.kind != "text" or _is_json_asked(request)
    if asked or _JSON_WANTED.search(request.system):
        schema = _quoted_schema(request)
        if schema is not None:
            return _dumps(example(schema, random, _hints(request)))
        if asked:
            return _dumps(_any_object(request, random))
    return answer(request.prompt, request.tool_results, random)


def _is_json_asked(request: ChatRequest) -> bool:
    """Whether the system text or the prompt plainly says that the answer is to be JSON."""
    starts = (text[:PROMPT_CHARS_MAX] for text in (request.system, request.prompt))
    return any("json" in start.lower() and _JSON_ASKED.search(start) for start in starts)


def _hints(request: ChatRequest) -> Hints:
    """What the prompt mentions, then what the tools have found out."""
    results = "\n".join(result.text for result in request.tool_results)
    return Hints.of(f"{request.prompt}\n{results}" if results else request.prompt)


def _quoted_schema(request: ChatRequest) -> Mapping[str, Any] | None:
    """A JSON schema of an object that stands in the system text or the prompt."""
    for text in (request.system, request.prompt):
        # A prompt template escapes braces by doubling them, and some are sent so.
        escaped = '{{"' in text
        plain = text.replace("{{", "{").replace("}}", "}") if escaped else text
        for found in _objects_in(plain):
            if _is_object_schema(found):
                return found
    return None


def _is_object_schema(found: Mapping[str, Any]) -> bool:
    defined = found.get("$defs") or found.get("definitions")
    return isinstance(found.get("properties"), dict) or (
        isinstance(defined, dict) and not {"$ref", "allOf", "anyOf", "oneOf"}.isdisjoint(found)
    )


def _objects_in(text: str, start: int = 0) -> Iterator[dict[str, Any]]:
    """The JSON objects that stand in a text."""
    decode = json.JSONDecoder().raw_decode
    start = text.find("{", start)
    for _ in range(OBJECTS_TRIED_MAX):
        if start < 0:
            return
        try:
            found, end = decode(text, start)
        except (ValueError, RecursionError):
            found, end = None, start + 1
        if isinstance(found, dict):
            yield found
        start = text.find("{", end)


def _any_object(request: ChatRequest, random: Random) -> Any:
    """The object that the prompt spells out, one with the keys it names, or any other."""
    spelled = _SPELLED.search(request.prompt)
    if spelled:
        for found in _objects_in(request.prompt, spelled.end() - 1):
            return found
    keys = dict.fromkeys(_KEY.findall(f"{request.system}\n{request.prompt}"))
    if keys:
        properties = {key: {"type": "string"} for key in list(keys)[:KEYS_MAX]}
        schema = {"type": "object", "properties": properties, "required": list(properties)}
        return example(schema, random)
    if request.tool_results:
        return {"answer": answer(request.prompt, request.tool_results, random)}
    return {"answer": literal(request.prompt) or paragraph(random)}


# --- limits -----------------------------------------------------------------------------


def bounded(reply: Reply, request: ChatRequest) -> Reply:
    """`reply` as it comes out under the request's stop sequences and `max_tokens`.

    Text ends before the first stop sequence; what is over the limit is cut off with the finish
    `length`: text and thinking after a whole token, a tool call within its JSON.
    """
    if request.stop:
        reply = _stopped(reply, request.stop)
    if request.max_tokens is None or _surely_fits(reply, request.max_tokens):
        return reply
    if count_reply((reply,)).output_tokens <= request.max_tokens:
        return reply
    return _cut(reply, request.max_tokens)


def _stopped(reply: Reply, stop: tuple[str, ...]) -> Reply:
    for index, part in enumerate(reply.parts):
        if not isinstance(part, Text):
            continue
        found = [(part.text.find(sequence), sequence) for sequence in stop if sequence]
        hits = [(place, sequence) for place, sequence in found if place >= 0]
        if hits:
            place, sequence = min(hits)
            kept = (*reply.parts[:index], Text(part.text[:place]))
            return replace(reply, parts=kept, finish="stop_sequence", stop_sequence=sequence)
    return reply


def _surely_fits(reply: Reply, limit: int) -> bool:
    """Whether the reply is within the limit without counting: no token is without a character."""
    total = 0
    for part in reply.parts:
        if not isinstance(part, Text | Thinking | Refusal):
            return False
        total += len(part.text)
    return total <= limit


def _cut(reply: Reply, limit: int) -> Reply:
    """The reply within `limit` tokens; thinking gives way to the rest, down to half of them."""
    spoken = _cost(part for part in reply.parts if not isinstance(part, Thinking))
    left = limit
    kept: list[Part] = []
    for part in reply.parts:
        room = min(left, max(left - spoken, left // 2)) if isinstance(part, Thinking) else left
        cost = _cost((part,))
        if cost > room:
            shorter = _shortened(part, room)
            kept.extend([shorter] if shorter is not None else [])
            if not isinstance(part, Thinking):
                return replace(reply, parts=tuple(kept), finish="length", stop_sequence=None)
            cost = room
        else:
            kept.append(part)
        left -= cost
    return replace(reply, parts=tuple(kept))


def _cost(parts: Iterable[Part]) -> int:
    together = tuple(parts)
    return count_reply((Reply(parts=together),)).output_tokens if together else 0


def _shortened(part: Part, room: int) -> Part | None:
    """The start of a part that costs `room` tokens at most; None when nothing is left of it."""
    if room <= 0:
        return None
    match part:
        case Text():
            return Text("".join(pieces(part.text)[:room]))
        case Thinking():
            return replace(part, text="".join(pieces(part.text)[:room]))
        case Refusal():
            return Refusal("".join(pieces(part.text)[:room]))
        case ToolCall():
            return _shortened_call(part, room)
        case _:
            return None


def _shortened_call(call: ToolCall, room: int) -> ToolCall | None:
    """The call with the longest start of its arguments' JSON that is within `room`."""
    arguments = call.arguments if isinstance(call.arguments, str) else _dumps(call.arguments)
    parts = pieces(arguments)
    low, high = 0, len(parts)
    while low < high:
        middle = (low + high + 1) // 2
        if _cost((replace(call, arguments="".join(parts[:middle])),)) <= room:
            low = middle
        else:
            high = middle - 1
    shorter = replace(call, arguments="".join(parts[:low]))
    return shorter if _cost((shorter,)) <= room else None
