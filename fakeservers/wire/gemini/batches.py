"""{model}:batchGenerateContent and /{version}/batches: a batch is an operation with its results.

Shapes as google-genai 3.4 reads them (`batches._BatchJob_from_mldev`) and in the Gemini API
reference. Requests come in the body, or in an uploaded file of JSON lines.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ...canonical import (
    BatchAnswer,
    BatchItem,
    Job,
    Rejected,
    ResourceRequest,
    ResourceResult,
    Stored,
    Work,
)
from .. import framing
from ..base import Answer, HttpRequest, Stamp
from ..reading import Reader
from .bodies import json_answer
from .files import COLLECTION as FILES
from .files import KeptFile, kept_file
from .messages import BATCH_GENERATE_CONTENT_REQUEST
from .moments import moment
from .paging import Paging
from .protojson import read
from .request import model_name
from .wording import invalid

__all__ = ["BatchGenerateContent", "CancelBatch", "DeleteBatch", "GetBatch", "ListBatches"]

COLLECTION: Final = "batches"
TYPE: Final = "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch"
PAGING: Final = Paging(size=50, size_max=1_000)
LASTS_S: Final = 48 * 3_600
"""A batch that is not done by then expires (Gemini API documentation, "Batch API")."""

STATES: Final[Mapping[str, str]] = {
    "queued": "BATCH_STATE_PENDING",
    "running": "BATCH_STATE_RUNNING",
    "finishing": "BATCH_STATE_RUNNING",
    "cancelling": "BATCH_STATE_RUNNING",
    "done": "BATCH_STATE_SUCCEEDED",
    "failed": "BATCH_STATE_FAILED",
    "cancelled": "BATCH_STATE_CANCELLED",
    "expired": "BATCH_STATE_EXPIRED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """A batch as it was asked for: its requests, each with its key or metadata."""

    model: str
    path: str
    display: str
    requests: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What of a batch does not change on its way, and what its end adds."""

    id: str
    given: _Given
    by_file: bool
    output: Mapping[str, Any] | None = None
    succeeded: int = 0
    failed: int = 0


class BatchGenerateContent:
    """POST {version}/models/{model}:batchGenerateContent."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body, _ = read(http, BATCH_GENERATE_CONTENT_REQUEST)
        batch = body.object("batch")
        config = batch.object("inputConfig") if batch else None
        if batch is None or config is None:
            raise Rejected(
                invalid("* BatchGenerateContentRequest.batch.input_config: must be specified\n")
            )
        version = http.path.split("/")[1]
        model = model_name(http)
        given = _Given(
            model=model,
            path=f"/{version}/models/{model}:generateContent",
            display=batch.text("displayName") or "",
            requests=_inlined(config),
        )
        file = config.text("fileName")
        if file is None and not given.requests:
            raise Rejected(
                invalid("* BatchGenerateContentRequest.batch.input_config: must be specified\n")
            )
        return ResourceRequest(
            provider="gemini",
            endpoint="batches.create",
            collection=FILES if file is not None else COLLECTION,
            action="get" if file is not None else "create",
            id=file.removeprefix("files/") if file is not None else None,
            raw=given,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        given: _Given = request.raw
        by_file = request.collection == FILES
        if by_file:
            given = replace(given, requests=_lines(result.items[0].body))
        id = stamp.ids.base36(36)
        kept = _Batch(id=id, given=given, by_file=by_file)
        items = tuple(
            BatchItem(
                custom_id=str(number),
                path=given.path,
                body=framing.json_bytes(one.get("request") or {}),
            )
            for number, one in enumerate(given.requests)
        )
        work = Work(items=items, finished=_finished, lasts_s=LASTS_S)
        job = Job(phase="queued", created_s=stamp.now_s, expires_s=stamp.now_s + LASTS_S)
        stored = Stored(collection=COLLECTION, id=id, body=kept, work=work)
        return replace(json_answer(stamp, _operation(kept, job)), stores=(stored,))


class _OneBatch:
    endpoint: str
    action: Literal["get", "delete", "cancel"] = "get"
    polls = False

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider="gemini",
            endpoint=self.endpoint,
            collection=COLLECTION,
            action=self.action,
            id=http.params["id"],
            polls=self.polls,
        )


class GetBatch(_OneBatch):
    """GET {version}/batches/{id}."""

    endpoint = "batches.get"
    polls = True

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        item = result.items[0]
        return json_answer(stamp, _operation(item.body, item.job))


class CancelBatch(_OneBatch):
    """POST {version}/batches/{id}:cancel."""

    endpoint = "batches.cancel"
    action = "cancel"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, {})


class DeleteBatch(_OneBatch):
    """DELETE {version}/batches/{id}."""

    endpoint = "batches.delete"
    action = "delete"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, {})


class ListBatches:
    """GET {version}/batches, newest first, without the results."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        PAGING.check(http.query)
        return ResourceRequest(
            provider="gemini",
            endpoint="batches.list",
            collection=COLLECTION,
            action="list",
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        newest = tuple(reversed(result.items))
        shown, token = PAGING.page(newest, request.raw, lambda item: f"batches/{item.id}")
        told = [_operation(item.body, item.job) for item in shown]
        body: dict[str, Any] = {"operations": told} if shown else {}
        if token:
            body["nextPageToken"] = token
        return json_answer(stamp, body)


def _inlined(config: Reader) -> tuple[Mapping[str, Any], ...]:
    requests = config.object("requests")
    return tuple(one.value for one in requests.objects("requests")) if requests else ()


def _lines(file: KeptFile) -> tuple[Mapping[str, Any], ...]:
    """The requests of a file: `{"key": ..., "request": {...}}` on each line."""
    found: list[Mapping[str, Any]] = []
    for number, line in enumerate(file.data.decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
        except (ValueError, RecursionError):
            one = None
        if not isinstance(one, dict) or not isinstance(one.get("request"), dict):
            raise Rejected(invalid(f"Line {number} of the input file is no request."))
        found.append(one)
    if not found:
        raise Rejected(invalid("The input file has no requests."))
    return tuple(found)


def _operation(kept: _Batch, job: Job) -> dict[str, Any]:
    given, name = kept.given, f"batches/{kept.id}"
    total = len(given.requests)
    counts = {
        "requestCount": total,
        "successfulRequestCount": kept.succeeded,
        "failedRequestCount": kept.failed,
        "pendingRequestCount": 0 if job.ended else total,
    }
    latest_s = job.ended_s or job.cancel_s or job.started_s or job.created_s
    metadata: dict[str, Any] = {
        "@type": TYPE,
        "model": f"models/{given.model}",
        "displayName": given.display,
        "output": kept.output,
        "createTime": moment(job.created_s),
        "endTime": moment(job.ended_s) if job.ended_s is not None else None,
        "updateTime": moment(latest_s),
        "batchStats": {key: str(count) for key, count in counts.items() if count},
        "state": STATES[job.phase],
        "name": name,
    }
    told = {key: value for key, value in metadata.items() if value not in (None, "")}
    operation: dict[str, Any] = {"name": name, "metadata": told}
    if job.phase == "done":
        operation |= {"done": True, "response": {"@type": TYPE, **(kept.output or {})}}
    elif job.ended:
        message = job.failure or f"The batch was {job.phase}."
        operation |= {"done": True, "error": {"code": _CODES[job.phase], "message": message}}
    return operation


_CODES: Final[Mapping[str, int]] = {"failed": 13, "cancelled": 1, "expired": 4}
"""google.rpc.Code: INTERNAL, CANCELLED, DEADLINE_EXCEEDED."""


def _finished(
    stored: Stored, job: Job, answers: tuple[BatchAnswer, ...], stamp: Stamp
) -> tuple[Stored, ...]:
    """The batch with its results: in the operation, or in a file if they were asked for by one."""
    kept: _Batch = stored.body
    if job.phase != "done":
        return (stored,)
    results = [
        _result(one, answer) for one, answer in zip(kept.given.requests, answers, strict=True)
    ]
    good = sum("response" in result for result in results)
    done = replace(kept, succeeded=good, failed=len(results) - good)
    if not kept.by_file:
        output: dict[str, Any] = {"inlinedResponses": {"inlinedResponses": results}}
        return (replace(stored, body=replace(done, output=output)),)
    data = b"".join(framing.json_bytes(result) + b"\n" for result in results)
    file = kept_file(f"batch-{kept.id}", data, "application/jsonl", stamp, made=True)
    output = {"responsesFile": f"files/{file.id}"}
    return file, replace(stored, body=replace(done, output=output))


def _result(one: Mapping[str, Any], answer: BatchAnswer) -> dict[str, Any]:
    """A result, with whatever its request was known by."""
    known = {key: one[key] for key in ("key", "metadata") if one.get(key) is not None}
    if answer.status is not None and answer.status < 400:
        return {"response": answer.body, **known}
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    told = error if isinstance(error, dict) else {"message": str(answer.body)}
    code = _RPC_CODES.get(told.get("status", ""), UNKNOWN)
    details = {"details": told["details"]} if told.get("details") else {}
    return {"error": {"code": code, "message": told.get("message", ""), **details}, **known}


UNKNOWN: Final = 2
_RPC_CODES: Final[Mapping[str, int]] = {
    "INVALID_ARGUMENT": 3,
    "DEADLINE_EXCEEDED": 4,
    "NOT_FOUND": 5,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
    "UNAUTHENTICATED": 16,
}
"""google.rpc.Code: a result of a batch is no HTTP answer."""
