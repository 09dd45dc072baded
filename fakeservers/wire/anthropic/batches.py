"""/v1/messages/batches: message batches and their results.

Shapes from the types of the anthropic SDK 2.12 (`MessageBatch`, `MessageBatchIndividualResponse`).
A batch ends within 24 hours; what is wrong with a single request is told in its result, not when
the batch is created (API reference, "Create a Message Batch").
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from ...canonical import (
    BatchAnswer,
    BatchItem,
    Job,
    ResourceRequest,
    ResourceResult,
    Stored,
    Work,
)
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .answers import json_answer, moment
from .headers import answer_headers, request_id
from .paging import page, page_size
from .wording import WORDING, invalid

__all__ = [
    "BatchResults",
    "CancelBatch",
    "CreateBatch",
    "DeleteBatch",
    "ListBatches",
    "RetrieveBatch",
]

COLLECTION = "message_batches"
REQUESTS_MAX = 100_000
CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
OUTCOMES = ("processing", "succeeded", "errored", "canceled", "expired")
JSONL = (("content-type", "application/x-jsonl"),)


class CreateBatch:
    """POST /v1/messages/batches."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = Reader.of(http.json(), WORDING)
        return ResourceRequest(
            provider="claude",
            endpoint="messages.batches.create",
            collection=COLLECTION,
            action="create",
            raw=(_items(body), _origin(http)),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        items, origin = request.raw
        id = f"msgbatch_01{stamp.ids.base62(22)}"
        body = {"id": id, "counts": {"processing": len(items)}}
        stored = Stored(
            collection=COLLECTION, id=id, body=body, work=Work(items=items, finished=_finished)
        )
        job = Job(phase="queued", created_s=stamp.now_s, expires_s=stamp.now_s + 86_400)
        return json_answer(stamp, _batch(body, job, origin), stores=(stored,))


class _OneBatch:
    action: Literal["get", "delete", "cancel"] = "get"
    endpoint: str
    polls = False
    ended = False

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider="claude",
            endpoint=self.endpoint,
            collection=COLLECTION,
            action=self.action,
            id=http.params["id"],
            polls=self.polls,
            ended=self.ended,
            raw=_origin(http),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        item = result.items[0]
        return json_answer(stamp, _batch(item.body, item.job, request.raw))


class RetrieveBatch(_OneBatch):
    """GET /v1/messages/batches/{id}."""

    endpoint = "messages.batches.retrieve"
    polls = True


class CancelBatch(_OneBatch):
    """POST /v1/messages/batches/{id}/cancel: `canceling` at first, then ended. One that has
    ended is answered as it is."""

    action = "cancel"
    endpoint = "messages.batches.cancel"


class DeleteBatch(_OneBatch):
    """DELETE /v1/messages/batches/{id}, once it has ended: "To delete an in-progress batch, you
    must first cancel it" (API reference)."""

    action = "delete"
    endpoint = "messages.batches.delete"
    ended = True

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, {"id": request.id, "type": "message_batch_deleted"})


class BatchResults(_OneBatch):
    """GET /v1/messages/batches/{id}/results: a line of JSON for each request."""

    endpoint = "messages.batches.results"
    ended = True

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        headers = answer_headers(JSONL, request_id(stamp), stamp)
        return Answer(headers=headers, body=result.items[0].body["results"])


class ListBatches:
    """GET /v1/messages/batches, newest first; `limit`, `before_id`, `after_id` choose the page."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        page_size(http.query)
        return ResourceRequest(
            provider="claude",
            endpoint="messages.batches.list",
            collection=COLLECTION,
            action="list",
            raw=(dict(http.query), _origin(http)),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        query, origin = request.raw
        shown, more = page(tuple(reversed(result.items)), query)
        body = {
            "data": [_batch(item.body, item.job, origin) for item in shown],
            "first_id": shown[0].id if shown else None,
            "has_more": more,
            "last_id": shown[-1].id if shown else None,
        }
        return json_answer(stamp, body)


def _origin(http: HttpRequest) -> str:
    """Where the client found the server: results are told by their whole address."""
    return f"http://{http.headers.get('host', 'api.anthropic.com')}"


def _items(body: Reader) -> tuple[BatchItem, ...]:
    body.require("requests")
    given = body.array("requests") or []
    if not given:
        raise invalid(("requests",), "List should have at least 1 item after validation, not 0")
    if len(given) > REQUESTS_MAX:
        raise invalid(
            ("requests",),
            f"List should have at most {REQUESTS_MAX} items after validation, not {len(given)}",
        )
    items: dict[str, BatchItem] = {}
    for one in body.objects("requests"):
        item = _item(one)
        if item.custom_id in items:
            raise invalid((*one.path, "custom_id"), "custom_id must be unique within the batch")
        items[item.custom_id] = item
    return tuple(items.values())


def _item(one: Reader) -> BatchItem:
    one.require("custom_id", "params")
    custom_id, params = one.text("custom_id") or "", one.object("params")
    if CUSTOM_ID.fullmatch(custom_id) is None:
        raise invalid(
            (*one.path, "custom_id"), f"String should match pattern '^{CUSTOM_ID.pattern}$'"
        )
    value = params.value if params else {}
    if value.get("stream") is True:
        raise invalid((*one.path, "params", "stream"), "Streaming is not supported in batches")
    return BatchItem(custom_id=custom_id, path="/v1/messages", body=json_bytes(value))


def _batch(body: Mapping[str, Any], job: Job, origin: str) -> dict[str, Any]:
    """A MessageBatch. Its requests count as processing until all of them have ended."""
    status = "ended" if job.ended else "canceling" if job.cancel_s is not None else "in_progress"
    counts = body["counts"]
    return {
        "id": body["id"],
        "type": "message_batch",
        "processing_status": status,
        "request_counts": {outcome: counts.get(outcome, 0) for outcome in OUTCOMES},
        "ended_at": moment(job.ended_s),
        "created_at": moment(job.created_s),
        "expires_at": moment(job.expires_s),
        "archived_at": None,
        "cancel_initiated_at": moment(job.cancel_s),
        "results_url": f"{origin}/v1/messages/batches/{body['id']}/results" if job.ended else None,
    }


def _finished(
    stored: Stored, job: Job, answers: tuple[BatchAnswer, ...], stamp: Stamp
) -> tuple[Stored, ...]:
    """The batch with its results, a line of JSON each."""
    results = [_result(answer, job, stamp) for answer in answers]
    lines = b"".join(
        json_bytes({"custom_id": answer.custom_id, "result": result}) + b"\n"
        for answer, result in zip(answers, results, strict=True)
    )
    counts = Counter(result["type"] for result in results)
    body = {"id": stored.id, "counts": counts, "results": lines}
    return (replace(stored, body=body, size_bytes=len(lines)),)


def _result(answer: BatchAnswer, job: Job, stamp: Stamp) -> dict[str, Any]:
    said = answer.body
    if job.phase == "failed":
        failure = {"type": "api_error", "message": job.failure}
        error = {"type": "error", "error": failure, "request_id": request_id(stamp)}
        return {"type": "errored", "error": error}
    if answer.status is None:
        return {"type": "expired" if job.phase == "expired" else "canceled"}
    if answer.status >= 400:
        return {"type": "errored", "error": said}
    if isinstance(said, dict) and isinstance(said.get("usage"), dict):
        # The tier that a batch is served and billed by (SDK, `Usage.service_tier`).
        said = {**said, "usage": {**said["usage"], "service_tier": "batch"}}
    return {"type": "succeeded", "message": said}
