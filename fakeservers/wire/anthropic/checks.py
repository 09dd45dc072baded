"""All that the Anthropic API refuses in a body that can be read, in the order in which it looks.

Measured: fields that are missing or of a wrong type come first, which reading a body tells; then
single values, then fields that there are not; what needs the whole of a request comes last.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..base import HttpRequest
from ..reading import Reader
from .keys import Known, check_keys
from .limits import check_cache_control, check_limits
from .rules import check_caching, check_rules
from .wording import invalid

__all__ = ["NEWEST", "check"]

NEWEST: Final = "2026-10-21"
"""The version of the API from which on sampling is left to the model."""


def check(body: Reader, http: HttpRequest, known: Known) -> None:
    """Raise `Rejected` for the first fault; `known` are the fields that the operation takes."""
    if _is_plain(body.value, known):
        return
    cached = b"cache_control" in http.body
    check_limits(body)
    if "system" in body.value or cached:
        _check_blocks(body)
    newest = http.headers.get("anthropic-version", "") >= NEWEST
    check_keys(body.value, known.newest if newest else known.earlier)
    if newest:
        _check_newest(body.value["messages"])
    check_rules(body, http.headers.get("anthropic-beta", ""))
    if cached:
        check_caching(body.value)


def _is_plain(body: Mapping[str, Any], known: Known) -> bool:
    """Most requests are one text of the user's and nothing else; they need no closer look."""
    if not body.keys() <= known.plain or len(body["messages"]) != 1:
        return False
    message = body["messages"][0]
    text = message["content"]
    return (
        isinstance(text, str)
        and bool(text)
        and not text.isspace()
        and message["role"] == "user"
        and len(message) == 2
        and body["model"] != ""
        and body.get("max_tokens", 0) >= 0
        and not isinstance(body.get("system"), list)
    )


def _check_blocks(body: Reader) -> None:
    if isinstance(body.raw("system"), list):
        for block in body.objects("system"):
            check_cache_control(block)
            if not block.value["text"]:
                told = "cache_control cannot be set for empty text blocks"
                if block.has("cache_control"):
                    raise invalid(block.path, told)
                raise invalid(("system",), "text content blocks must be non-empty")
    for index, message in enumerate(body.value["messages"]):
        if isinstance(message["content"], list):
            held = Reader(message, body.wording, ("messages", index))
            for block in held.objects("content"):
                if "cache_control" in block.value:
                    kind = block.value["type"]
                    check_cache_control(Reader(block.value, body.wording, (*block.path, kind)))


def _check_newest(messages: Sequence[Mapping[str, Any]]) -> None:
    """What version 2026-10-21 no longer takes in messages (its migration guide)."""
    for index, message in enumerate(messages):
        content = message["content"]
        for nth, block in enumerate(content if isinstance(content, list) else ()):
            place = ("messages", index, "content", nth)
            if message["role"] == "assistant" and block["type"] == "document":
                raise invalid(
                    place,
                    "Input tag 'document' found using 'type' does not match any of the expected "
                    "tags: 'redacted_thinking', 'text', 'thinking', 'tool_use'",
                )
            if message["role"] == "user" and block["type"] == "text" and block.get("citations"):
                raise invalid((*place, "text", "citations"), "Extra inputs are not permitted")
