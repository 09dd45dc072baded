"""What a request names that the server keeps: a conversation, a cached content, files. Whether
it is there, and what it puts into the request."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ..canonical import (
    ApiError,
    ChatRequest,
    Media,
    Message,
    Needs,
    Part,
    Rejected,
    ToolResult,
)
from .elsewhere import may_be_elsewhere
from .jobs import Jobs
from .store import Store

__all__ = ["provided"]

NESTING_MAX: Final = 4


def provided(chat: ChatRequest, needs: Needs, store: Store, jobs: Jobs) -> ChatRequest:
    """The request with what it needs put in. Raises `Rejected` for what there is not: kind
    `not_found` with code `file`, `conversation` or `cached`; `invalid` with code `inactive` for a
    file that is still being processed, `cached_model` for content cached for another model."""
    kept = {file: _kept(file, store, jobs) for file in needs.files}
    if any(kept.values()):
        told = (replace(message, parts=_with(message.parts, kept)) for message in chat.messages)
        chat = replace(chat, messages=tuple(told))
    if needs.conversation is not None:
        chat = replace(chat, messages=(*_told(needs.conversation, store), *chat.messages))
    if needs.cached is not None:
        chat = _cached(chat, needs.cached, store)
    return chat


def _kept(id: str, store: Store, jobs: Jobs) -> bytes:
    """The bytes of a file; none of one that may be elsewhere."""
    found = store.get("files", id)
    if found is None:
        if may_be_elsewhere(store, "files", id):
            return b""
        raise Rejected(ApiError(status=404, kind="not_found", code="file", subject=id))
    job = jobs.seen(found).job
    if job is not None and job.phase != "done":
        raise Rejected(ApiError(status=400, kind="invalid", code="inactive", subject=id))
    return found.data


def _with(parts: Iterable[Part], kept: Mapping[str, bytes]) -> tuple[Part, ...]:
    """The parts, those that name a file with its bytes."""
    return tuple(_filled(part, kept) for part in parts)


def _filled(part: Part, kept: Mapping[str, bytes]) -> Part:
    if isinstance(part, ToolResult) and part.media:
        media = tuple(_medium(one, kept) for one in part.media)
        return replace(part, media=media)
    return _medium(part, kept) if isinstance(part, Media) else part


def _medium(media: Media, kept: Mapping[str, bytes]) -> Media:
    named = {text.rpartition("/")[2] for text in _texts(media.raw, 0)}
    data = next((kept[id] for id in kept if id in named), b"")
    return replace(media, data=data) if data else media


def _texts(value: Any, depth: int) -> Iterator[str]:
    """The texts in a part as it stood on the wire, one of which names its file."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth < NESTING_MAX:
        for inner in value.values():
            yield from _texts(inner, depth + 1)


def _told(id: str, store: Store) -> tuple[Message, ...]:
    if store.get("conversations", id) is None:
        if may_be_elsewhere(store, "conversations", id):
            return ()
        raise Rejected(ApiError(status=404, kind="not_found", code="conversation", subject=id))
    said = [message for item in store.all(f"conversations/{id}/items") for message in item.messages]
    turns: list[Message] = []
    for message in said:
        # The items of one turn of the model, or of its tools, are one message.
        if turns and turns[-1].role == message.role and message.role in ("assistant", "tool"):
            turns[-1] = Message(message.role, turns[-1].parts + message.parts)
        else:
            turns.append(message)
    return tuple(turns)


def _cached(chat: ChatRequest, id: str, store: Store) -> ChatRequest:
    found = store.get("cachedContents", id)
    if found is None or found.cached is None:
        if may_be_elsewhere(store, "cachedContents", id):
            return chat
        raise Rejected(ApiError(status=404, kind="not_found", code="cached", subject=id))
    cached = found.cached
    if cached.model != chat.model:
        raise Rejected(
            ApiError(status=400, kind="invalid", code="cached_model", subject=cached.model)
        )
    return replace(
        chat,
        messages=(*cached.messages, *chat.messages),
        tools=(*cached.tools, *chat.tools),
        cached_tokens=cached.tokens,
    )
