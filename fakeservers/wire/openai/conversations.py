"""/v1/conversations and their items. Responses that name a conversation continue it, and add to it.

Shapes from the types of the openai SDK 3.54 (`Conversation`, `ConversationItemList`).
"""

from collections.abc import Mapping
from typing import Any

from ...canonical import Rejected, ResourceRequest, ResourceResult, Stored
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .headers import answer
from .paging import Paging
from .resources import OneOf
from .responses.input import conversation
from .responses.items import ItemIds
from .responses.stored import items_of, kept_items, said_in
from .wording import WORDING, invalid

__all__ = [
    "CreateConversation",
    "CreateConversationItems",
    "DeleteConversation",
    "DeleteConversationItem",
    "ListConversationItems",
    "RetrieveConversation",
    "RetrieveConversationItem",
    "UpdateConversation",
]

COLLECTION = "conversations"
ITEMS_MAX = 20
"""Items that one request may add (SDK, `ConversationCreateParams`)."""

PAGING = Paging(order="desc")


class CreateConversation:
    """POST /v1/conversations, with its first `items` and `metadata` if given."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = Reader.of(http.json() if http.body.strip() else {}, WORDING)
        _check_items(body)
        _check_metadata(body)
        return ResourceRequest(
            provider="openai",
            endpoint="conversations.create",
            collection=COLLECTION,
            action="create",
            raw=body.value,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        ids = ItemIds(stamp)
        id = ids.make("conv")
        body = {
            "id": id,
            "object": "conversation",
            "created_at": int(stamp.now_s),
            "metadata": request.raw.get("metadata") or {},
        }
        items = _kept_items(request.raw.get("items"), id, ids)
        return answer(stamp, json_bytes(body), stores=(_kept(body), *items))


class RetrieveConversation(OneOf):
    """GET /v1/conversations/{id}."""

    collection = COLLECTION
    endpoint = "conversations.retrieve"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return answer(stamp, json_bytes(result.items[0].body))


class UpdateConversation:
    """POST /v1/conversations/{id}: other metadata."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = Reader.of(http.json(), WORDING)
        if "metadata" not in body.value:
            raise Rejected(WORDING.missing(("metadata",)))
        _check_metadata(body)
        return ResourceRequest(
            provider="openai",
            endpoint="conversations.update",
            collection=COLLECTION,
            action="update",
            id=http.params["id"],
            raw=body.value,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        body = {**result.items[0].body, "metadata": request.raw["metadata"] or {}}
        return answer(stamp, json_bytes(body), stores=(_kept(body),))


class DeleteConversation(OneOf):
    """DELETE /v1/conversations/{id}."""

    collection = COLLECTION
    endpoint = "conversations.delete"
    action = "delete"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        body = {"id": request.id, "object": "conversation.deleted", "deleted": True}
        return answer(stamp, json_bytes(body))


class CreateConversationItems:
    """POST /v1/conversations/{id}/items; answers with the items that were added."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = Reader.of(http.json(), WORDING)
        body.require("items")
        _check_items(body)
        return ResourceRequest(
            provider="openai",
            endpoint="conversations.items.create",
            collection=COLLECTION,
            action="get",
            id=http.params["id"],
            raw=body.value["items"],
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        items = _kept_items(request.raw, result.items[0].id, ItemIds(stamp))
        return answer(stamp, json_bytes(PAGING.page(items, {"order": "asc"})), stores=items)


class ListConversationItems:
    """GET /v1/conversations/{id}/items: newest first unless `order=asc`, a page at a time."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        PAGING.check(http.query)
        return ResourceRequest(
            provider="openai",
            endpoint="conversations.items.list",
            collection=items_of(http.params["id"]),
            action="list",
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return answer(stamp, json_bytes(PAGING.page(result.items, request.raw)))


class RetrieveConversationItem:
    """GET /v1/conversations/{id}/items/{item}."""

    endpoint = "conversations.items.retrieve"
    deletes = False

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider="openai",
            endpoint=self.endpoint,
            collection=items_of(http.params["id"]),
            action="delete" if self.deletes else "get",
            id=http.params["item"],
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return answer(stamp, json_bytes(result.items[0].body))


class DeleteConversationItem(RetrieveConversationItem):
    """DELETE /v1/conversations/{id}/items/{item}; answers with the conversation."""

    endpoint = "conversations.items.delete"
    deletes = True

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        _, owner = result.items
        return answer(stamp, json_bytes(owner.body))


def _kept(body: Mapping[str, Any]) -> Stored:
    return Stored(collection=COLLECTION, id=body["id"], body=body)


def _kept_items(given: Any, id: str, ids: ItemIds) -> tuple[Stored, ...]:
    return tuple(
        Stored(collection=items_of(id), id=item["id"], body=item, messages=said_in(item))
        for item in kept_items(given, ids)
    )


def _check_items(body: Reader) -> None:
    items = body.array("items") or []
    if len(items) > ITEMS_MAX:
        raise Rejected(
            invalid(
                f"Invalid 'items': array too long. Expected an array with maximum length "
                f"{ITEMS_MAX}, but got an array with length {len(items)} instead.",
                param="items",
                code="array_above_max_length",
            )
        )
    # What an item may be is the same as in the input of a response.
    conversation(Reader({"input": items}, WORDING))


def _check_metadata(body: Reader) -> None:
    if (metadata := body.object("metadata")) is not None:
        for key in metadata.value:
            metadata.text(key)
