"""The files that a request for a message names: `{"type": "file", "file_id": ...}` as the source
of an image or document, and `container_upload` blocks. Whether they exist is decided elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...canonical import ChatRequest, Needs
from ..base import HttpRequest

__all__ = ["needing"]

NAMED = b'"file_id"'
TYPES = ("file", "container_upload")


def needing(chat: ChatRequest, http: HttpRequest) -> ChatRequest:
    """The request with the files that it names, each once."""
    # Nearly no request names any, and a search through the bytes costs next to nothing.
    if NAMED not in http.body:
        return chat
    files = tuple(dict.fromkeys(_named(chat.raw.get("messages"))))
    return replace(chat, needs=Needs(files=files)) if files else chat


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, dict):
        id = value.get("file_id")
        if value.get("type") in TYPES and isinstance(id, str):
            yield id
        for key, inner in value.items():
            # A tool's arguments are its own.
            if key != "input":
                yield from _named(inner)
