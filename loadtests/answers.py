"""The gateway's answers as the users read them: what its headers, bodies and streams say.

Everything that depends on the gateway's wire is here; when a line arrived is `talk`'s.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["ERROR_CODES_UNSEEN", "content_of", "error_code", "events", "told_by_headers"]

PREFIX = "x-llmsim-"
ERROR_CODES_UNSEEN = "no_error_in_body"


def told_by_headers(headers: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a Record that the response's headers give; keys in lower case."""
    told: dict[str, Any] = {}
    for name in ("provider", "model"):
        if value := headers.get(PREFIX + name):
            told[name] = value
    if (attempts := headers.get(PREFIX + "attempts")) is not None and attempts.isdecimal():
        told["attempts"] = int(attempts)
    if (cost := headers.get(PREFIX + "cost-usd")) is not None:
        told["cost_usd"] = cost
    if (overhead := headers.get(PREFIX + "overhead-ms")) is not None:
        told["overhead_s"] = float(overhead) / 1000
    if (call_id := headers.get(PREFIX + "call-id")) is not None:
        told["extra"] = {"call_id": call_id}
    return told


def events(line: bytes) -> Iterator[dict[str, Any]]:
    """The event of one line of a stream, where it has one. Raises ValueError for broken JSON."""
    if line.startswith(b"data:") and (data := line[5:].strip()) != b"[DONE]":
        yield json.loads(data)


def content_of(chunk: Mapping[str, Any]) -> bool:
    """Whether a chunk carries output: text, reasoning, a refusal or a piece of a tool call. The
    first one ends the time to the first token; a role alone does not."""
    for choice in chunk.get("choices", ()):
        delta = choice.get("delta") or {}
        if any(delta.get(name) for name in ("content", "reasoning_content", "refusal")):
            return True
        if delta.get("tool_calls"):
            return True
    return False


def error_code(body: Mapping[str, Any]) -> str:
    """What the gateway calls an error."""
    error = body.get("error")
    if not isinstance(error, Mapping):
        return ERROR_CODES_UNSEEN
    cause = error.get("llmsim", {}).get("cause") if isinstance(error.get("llmsim"), dict) else None
    return str(cause or error.get("code") or error.get("type") or ERROR_CODES_UNSEEN)
