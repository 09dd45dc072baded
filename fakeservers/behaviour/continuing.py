"""Requests that go on from earlier answers: what they name is put in from the store.

Nothing is stored here, and what the whole comes to is decided elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..canonical import (
    ApiError,
    ChatRequest,
    CountRequest,
    Message,
    Needs,
    Part,
    Reference,
    Rejected,
    Request,
    ToolCall,
    ToolResult,
)
from .elsewhere import may_be_elsewhere
from .jobs import Jobs
from .needs import provided
from .store import Store

__all__ = ["continued"]


def continued(request: Request, store: Store, jobs: Jobs, *, validates: bool = True) -> Request:
    """The request with what it names of what the server keeps put in: the stored conversation
    before its messages, the stored items in their places. Raises `Rejected` for what is not
    stored, or, unless the fake `validates`, passes over it."""
    if isinstance(request, ChatRequest):
        return _whole(request, store, jobs, validates)
    if isinstance(request, CountRequest):
        return replace(request, chat=_whole(request.chat, store, jobs, validates))
    return request


def _whole(chat: ChatRequest, store: Store, jobs: Jobs, validates: bool) -> ChatRequest:
    if chat.needs is not None:
        chat = _provided(chat, chat.needs, store, jobs, validates)
    if chat.refers:
        chat = _resolved(chat, store, validates)
    if chat.previous_id is None:
        return chat
    return _continued(chat, chat.previous_id, store, validates)


def _provided(
    chat: ChatRequest, needs: Needs, store: Store, jobs: Jobs, validates: bool
) -> ChatRequest:
    try:
        chat = provided(chat, needs, store, jobs)
    except Rejected:
        if validates:
            raise
        return chat
    names = {call.id: call.name for message in chat.messages for call in _calls(message)}
    return replace(chat, messages=_named(chat.messages, names))


def _continued(chat: ChatRequest, previous_id: str, store: Store, validates: bool) -> ChatRequest:
    before = store.get("responses", previous_id)
    if before is None:
        if not validates or may_be_elsewhere(store, "responses", previous_id):
            return chat
        raise Rejected(ApiError(status=400, kind="not_found", subject=previous_id, code="previous"))
    names = {call.id: call.name for message in before.messages for call in _calls(message)}
    messages = before.messages + _named(chat.messages, names)
    if validates and not chat.refers:
        _check_answered(messages)
    return replace(chat, messages=messages)


def _check_answered(messages: tuple[Message, ...]) -> None:
    """Raise `Rejected` unless every call of a tool is answered, and every answer was asked for."""
    calls = {call.id for message in messages for call in _calls(message)}
    given = [part for said in messages for part in said.parts if isinstance(part, ToolResult)]
    answered = {result.call_id for result in given}
    for result in given:
        if result.call_id not in calls:
            raise Rejected(_unpaired(result.call_id, "call"))
    for message in messages:
        for call in _calls(message):
            if call.id not in answered:
                raise Rejected(_unpaired(call.id, "output"))


def _unpaired(id: str, missing: str) -> ApiError:
    return ApiError(status=400, kind="not_found", subject=id, code=missing)


def _resolved(chat: ChatRequest, store: Store, validates: bool) -> ChatRequest:
    messages = [
        replace(
            message,
            parts=tuple(said for part in message.parts for said in _said(part, store, validates)),
        )
        for message in chat.messages
    ]
    names = {call.id: call.name for message in messages for call in _calls(message)}
    return replace(chat, messages=_named(tuple(messages), names))


def _said(part: Part, store: Store, validates: bool) -> Iterable[Part]:
    """The part itself, or the parts of the item that it refers to."""
    if not isinstance(part, Reference):
        return (part,)
    item = store.get("items", part.id)
    if item is None:
        if not validates:
            return ()
        raise Rejected(ApiError(status=404, kind="not_found", subject=part.id, code="item"))
    return (said for message in item.messages for said in message.parts)


def _calls(message: Message) -> Iterable[ToolCall]:
    return (part for part in message.parts if isinstance(part, ToolCall))


def _named(messages: tuple[Message, ...], names: Mapping[str, str]) -> tuple[Message, ...]:
    """The messages, their tool results with the names of the stored calls that they answer."""
    return tuple(
        Message("tool", tuple(_with_name(part, names) for part in message.parts))
        if message.role == "tool"
        else message
        for message in messages
    )


def _with_name(part: Part, names: Mapping[str, str]) -> Part:
    if isinstance(part, ToolResult) and not part.name:
        return replace(part, name=names.get(part.call_id, ""))
    return part
