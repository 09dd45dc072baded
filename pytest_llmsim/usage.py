"""What a call of a real provider asks for and what its answer says that it used, from the bytes.

What must not be here: sockets, limits, or how an answer tells its usage
(`fakeservers.recording.used`).
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

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
    from fakeservers.recording.used import told_usage

    told = told_usage(provider, body)
    if told is None:
        return None
    model, usage = told
    in_path = _GEMINI_MODEL.search(path)
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_5m_tokens": usage.cache_write_tokens - usage.cache_write_1h_tokens,
        "cache_write_1h_tokens": usage.cache_write_1h_tokens,
    }
    pico = _price(provider, model or (in_path[1] if in_path else ""), counts)
    if pico is None:
        return None
    return Counts(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, pico=pico)


def _price(provider: str, model: str, counts: Mapping[str, int]) -> int | None:
    from fakeservers.evidence.prices import price

    return price(provider, model, {k: v for k, v in counts.items() if v}, at_s=time.time()).pico


def _longest(provider: str, model: str) -> int:
    from fakeservers.behaviour.models import catalogue

    known = catalogue(provider).find(model)
    return known.max_output_tokens if known is not None else OUTPUT_TOKENS_MAX


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and value > 0 else otherwise
