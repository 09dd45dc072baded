"""Stored responses: read, replayed as a stream, deleted, cancelled, and what they were asked."""

from collections.abc import Mapping, Sequence
from itertools import dropwhile, islice
from typing import Any

from ....canonical import Rejected, ResourceRequest, ResourceResult, Stored
from ...base import Answer, HttpRequest, Stamp, single
from ...framing import json_bytes
from ..errors import WORDING, invalid
from ..headers import answer
from ..rules import Range, check_range
from ..stand_ins import response_for
from .events import events
from .stored import COLLECTION, input_items_of

__all__ = ["CancelResponse", "DeleteResponse", "ListInputItems", "RetrieveResponse"]

LIMIT = 20
LIMITS = Range("integer", 1, 100)
NOT_BACKGROUND = "Cannot cancel a synchronous response."


class _OnResponse:
    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider


class RetrieveResponse(_OnResponse):
    """`GET /responses/{id}`: the response; with `stream=true` its events, from
    `starting_after` on."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        if http.validates:
            _integer(http.query, "starting_after")
        return ResourceRequest(
            provider=self._provider,
            endpoint="responses.retrieve",
            collection=COLLECTION,
            action="get",
            id=http.params["id"],
            stand_in=response_for(http),
            stream=http.query.get("stream") == "true",
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        body = _body(result)
        if not request.stream:
            return answer(stamp, json_bytes(body))
        hidden = request.raw.get("include_obfuscation") != "false"
        frames = events(body, noise=stamp.ids if hidden else None)
        # Events are numbered from 0 without a gap.
        after = _integer(request.raw, "starting_after")
        return answer(
            stamp, islice(single(frames), 0 if after is None else max(0, after + 1), None)
        )


class DeleteResponse(_OnResponse):
    """`DELETE /responses/{id}`."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider=self._provider,
            endpoint="responses.delete",
            collection=COLLECTION,
            action="delete",
            id=http.params["id"],
            stand_in=response_for(http),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        body = {"id": request.id, "object": "response", "deleted": True}
        return answer(stamp, json_bytes(body))


class CancelResponse(_OnResponse):
    """`POST /responses/{id}/cancel`: "only responses created with the `background` parameter set
    to `true` can be cancelled"; one that has ended is answered as it is (OpenAI's reference)."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider=self._provider,
            endpoint="responses.cancel",
            collection=COLLECTION,
            action="get",
            id=http.params["id"],
            stand_in=response_for(http),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        body = _body(result)
        if not body["background"]:
            raise Rejected(invalid(NOT_BACKGROUND))
        return answer(stamp, json_bytes(body))


class ListInputItems(_OnResponse):
    """`GET /responses/{id}/input_items`: newest first unless `order=asc`, a page at a time."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        if http.validates:
            check_range("limit", _integer(http.query, "limit"), LIMITS)
        return ResourceRequest(
            provider=self._provider,
            endpoint="responses.input_items.list",
            collection=input_items_of(http.params["id"]),
            action="list",
            stand_in=None if http.validates else (),
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        query: Mapping[str, str] = request.raw
        items: Sequence[Stored] = result.items
        found = list(items if query.get("order") == "asc" else reversed(items))
        if (after := query.get("after")) is not None and any(item.id == after for item in found):
            found = list(dropwhile(lambda item: item.id != after, found))[1:]
        page = found[: _limit(query)]
        body = {
            "object": "list",
            "data": [item.body for item in page],
            "first_id": page[0].id if page else None,
            "has_more": len(found) > len(page),
            "last_id": page[-1].id if page else None,
        }
        return answer(stamp, json_bytes(body))


def _body(result: ResourceResult) -> dict[str, Any]:
    (item,) = result.items
    body: dict[str, Any] = item.body
    return body


def _limit(query: Mapping[str, str]) -> int:
    limit = _integer(query, "limit")
    return LIMIT if limit is None else int(min(max(limit, LIMITS.low), LIMITS.high or limit))


def _integer(query: Mapping[str, str], key: str) -> int | None:
    text = query.get(key)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise Rejected(WORDING.wrong_type((key,), ("integer",), text)) from None
