"""Stored chat completions, those created with `store: true`: read, listed, changed, deleted, and
the messages that they were asked with.

Fields as in the openai SDK 3.54. The Responses API keeps its own; nothing continues from these.
"""

import re
from collections.abc import Mapping
from typing import Any

from ...canonical import ChatRequest, Rejected, ResourceRequest, ResourceResult, Stored
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .headers import answer
from .paging import check_page, page
from .stand_ins import completion_for
from .wording import WORDING

__all__ = [
    "DeleteChatCompletion",
    "GetChatCompletion",
    "ListChatCompletions",
    "ListChatMessages",
    "UpdateChatCompletion",
    "stored",
]

COLLECTION = "chat_completions"


def stored(request: ChatRequest, body: Mapping[str, Any]) -> tuple[Stored, ...]:
    """What a completion leaves on the server: itself with its metadata, and its messages."""
    id = body["id"]
    kept = {**body, "metadata": request.raw.get("metadata") or {}}
    return (
        Stored(collection=COLLECTION, id=id, body=kept),
        *(
            Stored(
                collection=_messages_of(id), id=f"{id}-{nth}", body=_message(f"{id}-{nth}", said)
            )
            for nth, said in enumerate(request.raw.get("messages") or ())
            if isinstance(said, dict)
        ),
    )


def _message(id: str, said: Mapping[str, Any]) -> dict[str, Any]:
    content = said.get("content")
    parts = content if isinstance(content, list) else None
    text = None if parts is not None else content
    return {"name": None, **said, "id": id, "content": text, "content_parts": parts}


def _messages_of(id: str) -> str:
    return f"{COLLECTION}/{id}/messages"


class GetChatCompletion:
    """`GET /chat/completions/{id}`."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider="openai",
            endpoint="chat.completions.retrieve",
            collection=COLLECTION,
            action="get",
            id=http.params["id"],
            stand_in=completion_for(http),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        (item,) = result.items
        return answer(stamp, json_bytes(item.body))


class UpdateChatCompletion:
    """`POST /chat/completions/{id}`: other metadata."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = Reader.of(http.json(), WORDING, strict=http.validates)
        if "metadata" not in body.value and body.strict:
            raise Rejected(WORDING.missing(("metadata",)))
        body.object("metadata")
        return ResourceRequest(
            provider="openai",
            endpoint="chat.completions.update",
            collection=COLLECTION,
            action="update",
            id=http.params["id"],
            stand_in=completion_for(http),
            raw=body.value,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        (item,) = result.items
        body = {**item.body, "metadata": request.raw.get("metadata") or {}}
        kept = Stored(collection=COLLECTION, id=item.id, body=body)
        return answer(stamp, json_bytes(body), stores=(kept,))


class DeleteChatCompletion:
    """`DELETE /chat/completions/{id}`."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider="openai",
            endpoint="chat.completions.delete",
            collection=COLLECTION,
            action="delete",
            id=http.params["id"],
            stand_in=completion_for(http),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        body = {"object": "chat.completion.deleted", "id": request.id, "deleted": True}
        return answer(stamp, json_bytes(body))


class ListChatCompletions:
    """`GET /chat/completions`: oldest first unless `order=desc`, of one `model` or with these
    `metadata` if asked for."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        if http.validates:
            check_page(http.query)
        return ResourceRequest(
            provider="openai",
            endpoint="chat.completions.list",
            collection=COLLECTION,
            action="list",
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        query: Mapping[str, str] = request.raw
        items = [item for item in result.items if _wanted(item.body, query)]
        return answer(stamp, json_bytes(page(items, query)))


class ListChatMessages:
    """`GET /chat/completions/{id}/messages`: what the completion was asked with."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        if http.validates:
            check_page(http.query)
        return ResourceRequest(
            provider="openai",
            endpoint="chat.completions.messages.list",
            collection=_messages_of(http.params["id"]),
            action="list",
            stand_in=None if http.validates else (),
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return answer(stamp, json_bytes(page(result.items, request.raw)))


def _wanted(body: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    model = query.get("model")
    if model and not re.fullmatch(rf"{re.escape(model)}(?:-[\d-]+)?", body["model"]):
        return False
    return all(
        str(body["metadata"].get(key[len("metadata[") : -1])) == value
        for key, value in query.items()
        if key.startswith("metadata[")
    )
