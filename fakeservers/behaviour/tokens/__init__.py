"""How many tokens a text, a request or a reply has: deterministic and offline.

Each provider's template (`openai`, `claude`, `gemini`, `ollama`) turns a request into segments
with their tokens; what they come to is a request's count, here and in the counting endpoints
alike. OpenAI's text is counted with its own vocabulary where the `tokens` extra is installed.
Nothing here decides what a token costs or which of them were cached.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...canonical import ChatRequest, EmbedRequest, Part, Reply, Thinking, Usage
from . import claude, gemini, ollama, openai
from .segments import Segment, compact, token_numbers
from .vocabulary import counter, encoding_name

__all__ = [
    "Counts",
    "Segment",
    "compact",
    "count_inputs",
    "count_prompt",
    "count_reply",
    "count_request",
    "count_text",
    "reply_counter",
    "segments",
    "total",
]

REMEMBERED_MAX: Final = 64
"""Prompts, and replies, whose counts are at hand."""

REASONING_STEP: Final = 64
"""OpenAI reports reasoning tokens in steps of this (in every recorded answer)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    prompt: Callable[[ChatRequest], Iterator[Segment]]
    output_tokens: Callable[[Sequence[Part], str], float]
    end: int = 0
    """Tokens of the mark that ends a reply, where it is counted."""


_OPENAI: Final = _Template(prompt=openai.prompt, output_tokens=openai.output_tokens)
_TEMPLATES: Final[Mapping[str, _Template]] = {
    "claude": _Template(prompt=claude.prompt, output_tokens=claude.output_tokens, end=3),
    "gemini": _Template(prompt=gemini.prompt, output_tokens=gemini.output_tokens),
    "ollama": _Template(prompt=ollama.prompt, output_tokens=ollama.output_tokens, end=1),
    "openai": _OPENAI,
}


def count_text(text: str, provider: str = "openai", model: str = "") -> int:
    """How many tokens `text` has by itself, as an input of embeddings has; 0 only for no text."""
    encoding = encoding_name(model) if provider == "openai" else None
    return math.ceil(counter(encoding)(text) - 0.5) or bool(text)


def count_inputs(request: EmbedRequest) -> int:
    """Tokens of what is to be embedded; inputs that are token numbers count as they are."""
    given = request.raw.get("input") if isinstance(request.raw, dict) else None
    numbers = token_numbers(given)
    if numbers is not None:
        return numbers
    return sum(count_text(text, request.provider, request.model) for text in request.inputs)


def segments(request: ChatRequest) -> list[Segment]:
    """What the prompt of a request is made of, in the order in which the model reads it."""
    return list(_TEMPLATES.get(request.provider, _OPENAI).prompt(request))


def total(found: Iterable[Segment]) -> int:
    """Prompt tokens of the segments of a request."""
    return max(1, round(sum(segment.tokens for segment in found)))


def count_request(request: ChatRequest) -> int:
    """Prompt tokens of a request: its messages, its tools, its schema, the template around."""
    return total(segments(request))


class Counts:
    """What was counted last. A request that comes again is the same object, and so is a scripted
    reply: they are known by that."""

    def __init__(self) -> None:
        self._prompts: dict[int, tuple[ChatRequest, Usage]] = {}
        self._replies: dict[tuple[int, str, str, int | None], tuple[Reply, tuple[int, int]]] = {}

    def chat(self, request: ChatRequest, replies: Sequence[Reply]) -> Usage:
        """What a request and the replies to it come to."""
        prompt = self._prompt(request)
        output, reasoning = self._said(replies, request)
        return Usage(
            input_tokens=prompt.input_tokens,
            output_tokens=output,
            reasoning_tokens=reasoning,
            modalities=prompt.modalities,
        )

    def _prompt(self, request: ChatRequest) -> Usage:
        found = self._prompts.get(id(request))
        if found is not None and found[0] is request:
            return found[1]
        usage = count_prompt(request)
        _make_room(self._prompts)
        self._prompts[id(request)] = (request, usage)
        return usage

    def _said(self, replies: Sequence[Reply], request: ChatRequest) -> tuple[int, int]:
        if len(replies) != 1:
            return _count_output(replies, request)
        reply = replies[0]
        key = (id(reply), request.provider, request.model, request.max_tokens)
        found = self._replies.get(key)
        if found is not None and found[0] is reply:
            return found[1]
        counted = _count_output(replies, request)
        _make_room(self._replies)
        self._replies[key] = (reply, counted)
        return counted


def _make_room(remembered: dict[Any, Any]) -> None:
    if len(remembered) >= REMEMBERED_MAX:
        del remembered[next(iter(remembered))]


def count_prompt(request: ChatRequest) -> Usage:
    """Prompt tokens of a request, and which of them are no text."""
    prompt, modalities = _count_prompt(request)
    return Usage(input_tokens=prompt, modalities=modalities)


def _count_prompt(request: ChatRequest) -> tuple[int, tuple[tuple[str, int], ...]]:
    if request.provider == "openai" and isinstance(request.raw, dict):
        plain = openai.plain_prompt(request)
        if plain is not None:
            return max(1, round(plain)), ()
    tokens = 0.0
    modalities: dict[str, float] = {}
    for segment in _TEMPLATES.get(request.provider, _OPENAI).prompt(request):
        tokens += segment.tokens
        if segment.modality != "text":
            modalities[segment.modality] = modalities.get(segment.modality, 0) + segment.tokens
    told = tuple((name, round(number)) for name, number in modalities.items())
    return max(1, round(tokens)), told


def count_reply(replies: Iterable[Reply], request: ChatRequest) -> Usage:
    """Output and reasoning tokens of the replies of one answer to `request`."""
    output, reasoning = _count_output(replies, request)
    return Usage(output_tokens=output, reasoning_tokens=reasoning)


def reply_counter(request: ChatRequest) -> Callable[[Sequence[Part]], int]:
    """A function that says what parts of a reply to `request` cost, 0 for none."""
    count, model = _TEMPLATES.get(request.provider, _OPENAI).output_tokens, request.model
    return lambda parts: math.ceil(count(parts, model) - 0.5) if parts else 0


def _count_output(replies: Iterable[Reply], request: ChatRequest) -> tuple[int, int]:
    count, limit = reply_counter(request), request.max_tokens
    end = _TEMPLATES.get(request.provider, _OPENAI).end
    if request.provider == "openai" and openai.is_reasoning(request.model):
        end = openai.REASONING_END
    output = reasoning = 0
    for reply in replies:
        thoughts = [part for part in reply.parts if type(part) is Thinking]
        whole = count(reply.parts)
        if limit is not None and (reply.finish == "length" or whole + end > limit):
            # What was cut off at the limit has reached it.
            whole = max(whole, limit)
        else:
            whole += end
        if not thoughts:
            output += whole
            continue
        thought = min(whole, count(thoughts))
        if request.provider == "openai":
            stepped = -(-thought // REASONING_STEP) * REASONING_STEP
            if limit is None or whole - thought + stepped <= limit:
                whole, thought = whole - thought + stepped, stepped
        output += whole
        reasoning += thought
    return max(1, output), reasoning
