"""What a request names that the server keeps: a conversation, a cached content, files. Whether
it is there, and what it puts into the request."""

from dataclasses import replace

from ..canonical import ApiError, ChatRequest, Message, Needs, Rejected
from .elsewhere import may_be_elsewhere
from .jobs import Jobs
from .store import Store

__all__ = ["provided"]


def provided(chat: ChatRequest, needs: Needs, store: Store, jobs: Jobs) -> ChatRequest:
    """The request with what it needs put in. Raises `Rejected` for what there is not: kind
    `not_found` with code `file`, `conversation` or `cached`; `invalid` with code `inactive` for a
    file that is still being processed, `cached_model` for content cached for another model."""
    for file in needs.files:
        _check_file(file, store, jobs)
    if needs.conversation is not None:
        chat = replace(chat, messages=(*_told(needs.conversation, store), *chat.messages))
    if needs.cached is not None:
        chat = _cached(chat, needs.cached, store)
    return chat


def _check_file(id: str, store: Store, jobs: Jobs) -> None:
    found = store.get("files", id)
    if found is None:
        if may_be_elsewhere(store, "files", id):
            return
        raise Rejected(ApiError(status=404, kind="not_found", code="file", subject=id))
    job = jobs.seen(found).job
    if job is not None and job.phase != "done":
        raise Rejected(ApiError(status=400, kind="invalid", code="inactive", subject=id))


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
