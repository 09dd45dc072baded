"""What a call of a real provider asks for and what its answer says that it used, from the bytes.

Read apart from the fakes' own wire: what comes from a real service must be understood even where
the fakes know no such endpoint. What must not be here: sockets, or limits.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Asked", "Counts", "asked_of", "bound_of", "counted"]

OUTPUT_TOKENS_MAX = 128_000
"""The longest answer of a model that neither the request nor the catalogue bounds."""

_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens")
_FREE_PATHS = ("count_tokens", "countTokens", "input_tokens")
_GEMINI_MODEL = re.compile(r"models/([^/:]+):(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call that costs: its model, the longest answer that it allows, and how many of them;
    whether it may write a cache, which costs up to twice as much as reading does."""

    model: str
    output_tokens_max: int
    answers: int = 1
    writes_cache: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What an answer used, and its price in pico-dollars."""

    input_tokens: int = 0
    output_tokens: int = 0
    pico: int = 0


def asked_of(provider: str, path: str, body: bytes) -> Asked | None:
    """What a request asks for; None for one that costs nothing."""
    found = _GEMINI_MODEL.search(path)
    if path.rstrip("/").endswith(_FREE_PATHS) or (found and found[2] in _FREE_PATHS):
        return None
    try:
        told = json.loads(body) if body else {}
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    model = found[1] if found else told.get("model")
    if not isinstance(model, str):
        return None
    config = told.get("generationConfig")
    config = config if isinstance(config, dict) else {}
    limit = next((v for d in (told, config) for n in _LIMITS if (v := d.get(n)) is not None), None)
    return Asked(
        model=model,
        output_tokens_max=limit if isinstance(limit, int) else _longest(provider, model),
        answers=_whole(told.get("n"), _whole(config.get("candidateCount"), 1)),
        writes_cache=b'"cache_control"' in body,
    )


def bound_of(provider: str, asked: Asked, body_bytes: int) -> int | None:
    """The most that a call can cost in pico-dollars, since no token is shorter than a byte; None
    where no price is known. Media that a request only refers to are not counted."""
    tokens = body_bytes * (2 if asked.writes_cache else 1)
    return _price(
        provider,
        asked.model,
        {"input_tokens": tokens, "output_tokens": asked.output_tokens_max * asked.answers},
    )


def counted(provider: str, path: str, body: bytes) -> Counts | None:
    """What the answer says that it used; None where it says nothing."""
    if provider == "ollama":
        return Counts()
    read = {"claude": _claude, "openai": _openai, "gemini": _gemini}[provider]
    found = read(list(_objects(body)))
    if found is None:
        return None
    model, counts = found
    in_path = _GEMINI_MODEL.search(path)
    pico = _price(provider, model or (in_path[1] if in_path else ""), counts)
    if pico is None:
        return None
    return Counts(
        input_tokens=counts["input_tokens"], output_tokens=counts["output_tokens"], pico=pico
    )


def _claude(told: list[dict[str, Any]]) -> tuple[str, dict[str, int]] | None:
    """The numbers of `message_start`, replaced by those of `message_delta`."""
    usage: dict[str, Any] = {}
    model = ""
    for one in told:
        inner = one.get("message")
        message = inner if isinstance(inner, dict) else one
        model = message.get("model") or model
        usage |= {k: v for k, v in (message.get("usage") or {}).items() if v is not None}
    if not usage:
        return None
    read: int = usage.get("cache_read_input_tokens", 0)
    written: int = usage.get("cache_creation_input_tokens", 0)
    written_1h: int = (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens", 0)
    counts: dict[str, int] = {
        "input_tokens": usage.get("input_tokens", 0) + read + written,
        "output_tokens": usage.get("output_tokens", 0),
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "cache_write_5m_tokens": written - written_1h,
        "cache_write_1h_tokens": written_1h,
    }
    return model, counts


def _openai(told: list[dict[str, Any]]) -> tuple[str, dict[str, int]] | None:
    """The last usage: of a completion, of its last chunk, of `response.completed`."""
    found = None
    for one in told:
        answer = one["response"] if isinstance(one.get("response"), dict) else one
        if isinstance(usage := answer.get("usage"), dict):
            prompt = usage.get("prompt_tokens", usage.get("input_tokens")) or 0
            written = usage.get("completion_tokens", usage.get("output_tokens")) or 0
            details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
            counts: dict[str, int] = {
                "input_tokens": prompt,
                "output_tokens": written,
                "cache_read_tokens": details.get("cached_tokens") or 0,
            }
            found = (str(answer.get("model", "")), counts)
    return found


def _gemini(told: list[dict[str, Any]]) -> tuple[str, dict[str, int]] | None:
    """The last usageMetadata; what tools were used for is read too, thoughts are written."""
    found = None
    for one in told:
        if isinstance(usage := one.get("usageMetadata"), dict):

            def whole(*names: str, usage: Mapping[str, Any] = usage) -> int:
                return sum(usage.get(name) or 0 for name in names)

            counts = {
                "input_tokens": whole("promptTokenCount", "toolUsePromptTokenCount"),
                "output_tokens": whole("candidatesTokenCount", "thoughtsTokenCount"),
                "cache_read_tokens": whole("cachedContentTokenCount"),
            }
            found = (str(one.get("modelVersion", "")), counts)
    return found


def _objects(body: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects of an answer: the whole of it, a list's, or one a line of a stream."""
    try:
        whole = json.loads(body)
    except ValueError:
        for line in body.splitlines():
            try:
                one = json.loads(line.removeprefix(b"data:"))
            except ValueError:
                continue
            if isinstance(one, dict):
                yield one
        return
    every = whole if isinstance(whole, list) else [whole]
    yield from (one for one in every if isinstance(one, dict))


def _price(provider: str, model: str, counts: Mapping[str, int]) -> int | None:
    from fakeservers.evidence.prices import price

    return price(provider, model, {k: v for k, v in counts.items() if v}, at_s=time.time()).pico


def _longest(provider: str, model: str) -> int:
    from fakeservers.behaviour.models import catalogue

    known = catalogue(provider).find(model)
    return known.max_output_tokens if known is not None else OUTPUT_TOKENS_MAX


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and value > 0 else otherwise
