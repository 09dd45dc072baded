"""The files that a request names by id: `input_file` and `input_image` items of responses, `file`
parts of chat messages. Whether they exist is decided elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...canonical import ChatRequest, Needs
from ..base import HttpRequest

__all__ = ["needing"]

NAMED = b'"file_id"'
TYPES = ("input_file", "input_image", "computer_screenshot")


def needing(chat: ChatRequest, http: HttpRequest) -> ChatRequest:
    """The request with the files that it names, each once."""
    # Nearly no request names any, and a search through the bytes costs next to nothing.
    if NAMED not in http.body or chat.provider != "openai":
        return chat
    given = [chat.raw.get("input"), chat.raw.get("messages")]
    files = tuple(dict.fromkeys(_named(given)))
    return replace(chat, needs=replace(chat.needs or Needs(), files=files)) if files else chat


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, dict):
        # A chat message's part holds it one level deeper.
        inner = value.get("file") if value.get("type") == "file" else None
        holder = inner if isinstance(inner, dict) else value
        id = holder.get("file_id")
        if isinstance(id, str) and (holder is inner or value.get("type") in TYPES):
            yield id
        for key in ("content", "output"):
            yield from _named(value.get(key))
