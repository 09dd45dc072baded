"""What a real answer says that it used, as the bill counts it.

Read apart from the fakes' own wire, which only writes: what comes from a real service must be
understood even where the fakes know no such endpoint.
"""

import json
from collections.abc import Iterator
from typing import Any

from ..canonical import Usage

__all__ = ["objects", "table", "told_usage", "usage_of"]

Told = tuple[str, Usage]
"""The model that an answer names, empty where it names none, and what it used."""


def usage_of(provider: str, status: int, body: bytes) -> Usage | None:
    """The usage of an answer, whole or streamed; None for an error, and where it tells none."""
    told = None if status >= 400 else told_usage(provider, body)
    return told and told[1]


def told_usage(provider: str, body: bytes) -> Told | None:
    """The model and the usage that an answer tells; None where it tells no usage."""
    read = _READ.get(provider)
    return None if read is None else read(list(objects(body)))


def _claude(told: list[dict[str, Any]]) -> Told | None:
    """The numbers of `message_start`, replaced by those of `message_delta`."""
    usage: dict[str, Any] = {}
    model = ""
    for one in told:
        message = table(one, "message") or one
        model = message.get("model") or model
        usage |= {k: v for k, v in table(message, "usage").items() if v is not None}
    if not usage:
        return None
    read, written = _n(usage, "cache_read_input_tokens"), _n(usage, "cache_creation_input_tokens")
    return model, Usage(
        input_tokens=_n(usage, "input_tokens") + read + written,
        output_tokens=_n(usage, "output_tokens"),
        cached_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=_n(table(usage, "cache_creation"), "ephemeral_1h_input_tokens"),
    )


def _openai(told: list[dict[str, Any]]) -> Told | None:
    """The last usage: of a completion, of its last chunk, of `response.completed`."""
    found = None
    for one in told:
        answer = table(one, "response") or one
        if usage := table(answer, "usage"):
            asked = table(usage, "prompt_tokens_details") or table(usage, "input_tokens_details")
            said = table(usage, "completion_tokens_details")
            said = said or table(usage, "output_tokens_details")
            found = (
                str(answer.get("model", "")),
                Usage(
                    input_tokens=_n(usage, "prompt_tokens", "input_tokens"),
                    output_tokens=_n(usage, "completion_tokens", "output_tokens"),
                    cached_tokens=_n(asked, "cached_tokens"),
                    reasoning_tokens=_n(said, "reasoning_tokens"),
                ),
            )
    return found


def _gemini(told: list[dict[str, Any]]) -> Told | None:
    """The last usageMetadata; what tools were used for is read too, thoughts are written."""
    found = None
    for one in told:
        if usage := table(one, "usageMetadata"):
            thoughts = _n(usage, "thoughtsTokenCount")
            found = (
                str(one.get("modelVersion", "")),
                Usage(
                    input_tokens=_n(usage, "promptTokenCount")
                    + _n(usage, "toolUsePromptTokenCount"),
                    output_tokens=_n(usage, "candidatesTokenCount") + thoughts,
                    cached_tokens=_n(usage, "cachedContentTokenCount"),
                    reasoning_tokens=thoughts,
                ),
            )
    return found


def _ollama(told: list[dict[str, Any]]) -> Told | None:
    """The counts of the last object, which is done."""
    last = told[-1] if told else {}
    if "prompt_eval_count" not in last and "eval_count" not in last:
        return None
    usage = Usage(input_tokens=_n(last, "prompt_eval_count"), output_tokens=_n(last, "eval_count"))
    return str(last.get("model", "")), usage


_READ = {"claude": _claude, "openai": _openai, "gemini": _gemini, "ollama": _ollama}


def table(value: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under a key; an empty one where there is none."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _n(table: dict[str, Any], *names: str) -> int:
    """The first of these that is a number."""
    found = (table.get(name) for name in names)
    return next((value for value in found if isinstance(value, int)), 0)


def objects(body: bytes) -> Iterator[dict[str, Any]]:
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
