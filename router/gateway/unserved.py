"""Whose form a request is in that no answer of a model is for, and what its caller is told of a
path that is not served: what is, and what to do instead. Words and tables only.
"""

import re
from collections.abc import Iterable, Mapping

from .values import Problem

__all__ = ["not_allowed", "unserved", "unserved_words", "wire_of_caller"]

_SERVED: Mapping[str, tuple[str, str]] = {
    "anthropic": ("Anthropic", "POST /v1/messages and GET /v1/models"),
    "gemini": (
        "Gemini",
        "generateContent and streamGenerateContent of /v1beta/models, and GET /v1beta/models",
    ),
    "ollama": ("Ollama", "POST /api/chat and GET /api/tags"),
    "openai": (
        "OpenAI",
        "POST /v1/responses, POST /v1/chat/completions and GET /v1/models",
    ),
}

_INSTEAD: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"/v1/(responses/(?!compact|input_tokens)|conversations)"),
        "no answer is kept here to be asked for later",
    ),
    (re.compile(r"/v1/completions$|/api/generate$"), "ask with the conversation as messages"),
    (
        re.compile(r"embed", re.I),
        "the router carries conversations only; point the client of the embeddings at its provider",
    ),
    (
        re.compile(r"count_?tokens|/input_tokens", re.I),
        "nothing is counted here; POST /v1/plan tells who would be asked and what it can cost",
    ),
)


def wire_of_caller(path: str, headers: Mapping[str, str]) -> str:
    """By the path, and where several SDKs have the same one, by the header that only one of them
    sends: anthropic 2.12 `anthropic-version`, google-genai 3.4 `x-goog-api-key`."""
    if path.startswith("/v1/messages"):
        return "anthropic"
    if path.startswith("/api/"):
        return "ollama"
    if path.startswith("/v1beta/"):
        return "gemini"
    if path.startswith("/v1/models"):
        if "anthropic-version" in headers:
            return "anthropic"
        if "x-goog-api-key" in headers or ":" in path:
            return "gemini"
    return "openai"


def unserved_words(wire: str, what: str) -> str:
    """Of `what`, a path or a method, that is not served."""
    found = (told for pattern, told in _INSTEAD if pattern.search(what))
    instead = f" {text[0].upper()}{text[1:]}." if (text := next(found, "")) else ""
    vendor, served = _SERVED[wire]
    return f"this gateway does not serve {what}.{instead} Of {vendor}'s API it serves {served}"


def unserved(wire: str, method: str, path: str) -> Problem:
    return Problem(
        kind="no_path", status=404, message=unserved_words(wire, f"{method} {path[:200]}")
    )


def not_allowed(method: str, path: str, allowed: Iterable[str]) -> Problem:
    told = " or ".join(name for name in allowed if name != "HEAD")
    text = f"{path[:200]} is asked with {told}, not with {method[:20]}"
    return Problem(kind="no_method", status=405, message=text)
