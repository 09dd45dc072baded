"""What a fake answers when nothing is scripted: a whole reply, within the request's limits.

In this order: tool calls, JSON that was asked for, prose. Each is made elsewhere; here they
are put together and cut to `max_tokens` and the stop sequences.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from ...canonical import ChatRequest, Finish, Part, Refusal, Reply, Text, Thinking, ToolCall
from ...pieces import pieces
from ..hints import Hints
from ..schema.example import example
from ..tokens import reply_counter
from .prose import answer, literal, paragraph, reasoning
from .tooluse import chosen_calls

__all__ = ["bounded", "natural_reply"]

OBJECTS_TRIED_MAX = 8
KEYS_MAX = 16
PROMPT_CHARS_MAX = 4_000
PIECES_A_TOKEN_MAX = 8
"""Pieces of text that one token can cover: what a cut looks at is bounded by it."""

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
        reply = stopped(reply, request.stop)
    if request.max_tokens is None or _surely_fits(reply, request.max_tokens):
        return reply
    cost = reply_counter(request)
    if cost(reply.parts) <= request.max_tokens:
        return reply
    return _cut(reply, request.max_tokens, cost)


def stopped(reply: Reply, stop: tuple[str, ...]) -> Reply:
    """`reply` as far as the first stop sequence in its text; whole where it has none."""
    for index, part in enumerate(reply.parts):
        if not isinstance(part, Text):
            continue
        found = [(part.text.find(sequence), sequence) for sequence in stop if sequence]
        hits = [(place, sequence) for place, sequence in found if place >= 0]
        if hits:
            place, sequence = min(hits)
            kept = (*reply.parts[:index], _first(part, place))
            return replace(reply, parts=kept, finish="stop_sequence", stop_sequence=sequence)
    return reply


def _first(part: Text, chars: int) -> Text:
    """The beginning of a text, streamed in the same chunks as far as it goes."""
    chunks: list[str] = []
    left = chars
    for chunk in part.chunks:
        chunks.append(chunk[:left])
        left -= len(chunks[-1])
    return Text(part.text[:chars], tuple(chunk for chunk in chunks if chunk))


def _surely_fits(reply: Reply, limit: int) -> bool:
    """Whether the reply is within the limit without counting: no token is without a character."""
    total = 0
    for part in reply.parts:
        if not isinstance(part, Text | Thinking | Refusal):
            return False
        total += len(part.text)
    return total <= limit


Cost = Callable[[Sequence[Part]], int]


def _cut(reply: Reply, limit: int, cost: Cost) -> Reply:
    """The reply within `limit` tokens; thinking gives way to the rest, down to half of them."""
    spoken = cost([part for part in reply.parts if not isinstance(part, Thinking)])
    kept: list[Part] = []
    for part in reply.parts:
        used, most = cost(kept), limit
        if isinstance(part, Thinking):
            most = min(limit, used + max(limit - used - spoken, (limit - used) // 2))
        if cost((*kept, part)) <= most:
            kept.append(part)
            continue
        shorter = _shortened(part, kept, most, cost)
        kept.extend([shorter] if shorter is not None else [])
        if not isinstance(part, Thinking):
            return replace(reply, parts=tuple(kept), finish="length", stop_sequence=None)
    return replace(reply, parts=tuple(kept))


def _shortened(part: Part, kept: Sequence[Part], most: int, cost: Cost) -> Part | None:
    """The longest start of a part that costs, with those kept before it, `most` tokens; None
    when there is none. A tool call ends within its arguments' JSON."""
    if isinstance(part, ToolCall):
        arguments = part.arguments
        text = arguments if isinstance(arguments, str) else _dumps(arguments)
    elif isinstance(part, Text | Thinking | Refusal):
        text = part.text
    else:
        return None
    parts = pieces(text)
    low, high = 0, min(len(parts), PIECES_A_TOKEN_MAX * most)
    while low < high:
        middle = (low + high + 1) // 2
        if cost((*kept, _with_text(part, "".join(parts[:middle])))) <= most:
            low = middle
        else:
            high = middle - 1
    if low == 0 and not isinstance(part, ToolCall):
        return None
    shorter = _with_text(part, "".join(parts[:low]))
    return shorter if cost((*kept, shorter)) <= most else None


def _with_text(part: Part, text: str) -> Part:
    match part:
        case ToolCall():
            return replace(part, arguments=text)
        case Text():
            return Text(text)
        case Thinking():
            return replace(part, text=text)
        case _:
            return Refusal(text)
