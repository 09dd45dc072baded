"""/v1/batches: batches of requests out of an uploaded file.

Shapes from the types of the openai SDK 3.54 (`Batch`) and the batch guide. What is wrong with the
file is not refused: the batch is created, and fails while it is validated, with an error for each
line (answers in public issue logs).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...canonical import (
    ApiError,
    BatchAnswer,
    Job,
    Rejected,
    ResourceRequest,
    ResourceResult,
    Stored,
    Work,
)
from ...rng import Ids
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .batch_input import Input, read_input
from .files import COLLECTION as FILES
from .files import KeptFile, kept_file, life_s
from .headers import answer
from .paging import Paging
from .resources import OneOf
from .wording import INVALID, WORDING, invalid, unknown_value

__all__ = ["CancelBatch", "CreateBatch", "ListBatches", "RetrieveBatch"]

COLLECTION = "batches"
ENDPOINTS = (
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/images/edits",
)
WINDOWS = ("24h",)
PAGING = Paging(order="desc")
PHASES = {
    "queued": "validating",
    "running": "in_progress",
    "finishing": "finalizing",
    "done": "completed",
    "failed": "failed",
    "cancelling": "cancelling",
    "cancelled": "cancelled",
    "expired": "expired",
}
EXPIRED = {
    "code": "batch_expired",
    "message": "This request could not be executed before the completion window expired.",
}
"""The batch guide, "Batch expiration"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What of a batch does not change on its way, and what its end adds."""

    id: str
    given: Mapping[str, Any]
    input: Input
    life_s: int | None
    completed: int = 0
    failed: int = 0
    usage: tuple[int, int, int, int] = (0, 0, 0, 0)
    output_file_id: str | None = None
    error_file_id: str | None = None


class CreateBatch:
    """POST /v1/batches."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = Reader.of(http.json(), WORDING)
        body.require("input_file_id", "endpoint", "completion_window")
        for key, known in (("endpoint", ENDPOINTS), ("completion_window", WINDOWS)):
            value = body.text(key) or ""
            if value not in known:
                raise Rejected(_unknown(value, known, key))
        if (metadata := body.object("metadata")) is not None:
            for key in metadata.value:
                metadata.text(key)
        return ResourceRequest(
            provider="openai",
            endpoint="batches.create",
            collection=FILES,
            action="get",
            id=body.text("input_file_id"),
            raw=body.value,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        file: KeptFile = result.items[0].body
        if file.about["purpose"] != "batch":
            raise Rejected(
                invalid(
                    f"Invalid input file: expected a file with purpose 'batch', but got "
                    f"'{file.about['purpose']}'.",
                    param="input_file_id",
                )
            )
        given = request.raw
        kept = _Batch(
            id=f"batch_{stamp.ids.hex(32)}",
            given=given,
            input=read_input(file.data, given["endpoint"]),
            life_s=_output_life_s(given),
        )
        work = Work(items=kept.input.items, finished=_finished, invalid=bool(kept.input.errors))
        job = Job(phase="queued", created_s=stamp.now_s, expires_s=stamp.now_s + work.lasts_s)
        stored = Stored(collection=COLLECTION, id=kept.id, body=kept, work=work)
        return answer(stamp, json_bytes(_body(kept, job)), stores=(stored,))


class RetrieveBatch(OneOf):
    """GET /v1/batches/{id}."""

    collection = COLLECTION
    endpoint = "batches.retrieve"
    polls = True

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        item = result.items[0]
        return answer(stamp, json_bytes(_body(item.body, item.job)))


class CancelBatch(OneOf):
    """POST /v1/batches/{id}/cancel: `cancelling` at first, then `cancelled`."""

    collection = COLLECTION
    endpoint = "batches.cancel"
    action = "cancel"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        item = result.items[0]
        if item.job.ended:
            message = f"Cannot cancel a batch with status '{PHASES[item.job.phase]}'."
            raise Rejected(ApiError(status=409, kind="invalid", type=INVALID, message=message))
        return answer(stamp, json_bytes(_body(item.body, item.job)))


class ListBatches:
    """GET /v1/batches, newest first."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        PAGING.check(http.query)
        return ResourceRequest(
            provider="openai",
            endpoint="batches.list",
            collection=COLLECTION,
            action="list",
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        items = [replace(item, body=_body(item.body, item.job)) for item in result.items]
        return answer(stamp, json_bytes(PAGING.page(items, request.raw)))


def _unknown(value: str, known: tuple[str, ...], key: str) -> ApiError:
    if len(known) > 1:
        return unknown_value(value, known, key)
    message = f"Invalid value: '{value}'. Value must be '{known[0]}'."
    return invalid(message, param=key, code="invalid_value")


def _output_life_s(given: Mapping[str, Any]) -> int | None:
    place = "output_expires_after"
    after = given.get(place)
    if after is None:
        return None
    if not isinstance(after, dict):
        raise Rejected(WORDING.wrong_type((place,), ("object",), after))
    return life_s(after.get("anchor"), after.get("seconds"), place)


def _body(kept: _Batch, job: Job) -> dict[str, Any]:
    phase, ended_s, errors = job.phase, job.ended_s, list(kept.input.errors)
    if phase == "failed" and job.failure:
        errors = [{"code": "batch_failed", "line": None, "message": job.failure, "param": None}]
    looked = phase != "queued" and not errors
    cancelled = ended_s if phase == "cancelled" else None
    return {
        "id": kept.id,
        "object": "batch",
        "endpoint": kept.given["endpoint"],
        "model": kept.input.model,
        "errors": {"object": "list", "data": errors} if phase == "failed" else None,
        "input_file_id": kept.given["input_file_id"],
        "completion_window": kept.given["completion_window"],
        "status": PHASES[phase],
        "output_file_id": kept.output_file_id,
        "error_file_id": kept.error_file_id,
        "created_at": int(job.created_s),
        "in_progress_at": _seconds(job.started_s),
        "expires_at": int(job.expires_s),
        "finalizing_at": _seconds(job.finishing_s),
        "completed_at": _seconds(ended_s if phase == "done" else None),
        "failed_at": _seconds(ended_s if phase == "failed" else None),
        "expired_at": _seconds(ended_s if phase == "expired" else None),
        "cancelling_at": _seconds(job.cancel_s),
        "cancelled_at": _seconds(cancelled),
        "request_counts": {
            "total": len(kept.input.items) if looked else 0,
            "completed": kept.completed,
            "failed": kept.failed,
        },
        "usage": _usage(kept.usage),
        "metadata": kept.given.get("metadata"),
    }


def _seconds(epoch_s: float | None) -> int | None:
    return None if epoch_s is None else int(epoch_s)


def _usage(counts: tuple[int, int, int, int]) -> dict[str, Any]:
    tokens_in, cached, tokens_out, reasoning = counts
    return {
        "input_tokens": tokens_in,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": tokens_out,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": tokens_in + tokens_out,
    }


# --- the end ------------------------------------------------------------------------------


def _finished(
    stored: Stored, job: Job, answers: tuple[BatchAnswer, ...], stamp: Stamp
) -> tuple[Stored, ...]:
    """The batch at its end, and its files: of what went well, and of what did not. A file with
    nothing in it is not made."""
    kept: _Batch = stored.body
    good = [one for one in answers if one.status is not None and one.status < 400]
    bad = [one for one in answers if one.status is not None and one.status >= 400]
    if job.phase == "expired":
        bad = [one for one in answers if one.status is None]
    files = [
        kept_file(
            f"{kept.id}_{name}.jsonl",
            b"".join(_line(one, stamp.ids) for one in lines),
            "batch_output",
            stamp,
            life_s=kept.life_s,
        )
        if lines
        else None
        for name, lines in (("output", good), ("error", bad))
    ]
    output, error = files
    body = replace(
        kept,
        completed=len(good),
        failed=len(bad),
        usage=_summed(good),
        output_file_id=output.id if output else None,
        error_file_id=error.id if error else None,
    )
    made = tuple(file for file in files if file is not None)
    return (*made, replace(stored, body=body))


def _line(one: BatchAnswer, ids: Ids) -> bytes:
    response, error = None, None
    if one.status is None:
        error = EXPIRED
    else:
        response = {
            "status_code": one.status,
            "request_id": one.request_id.removeprefix("req_"),
            "body": one.body,
        }
    line = {
        "id": f"batch_req_{ids.hex(32)}",
        "custom_id": one.custom_id,
        "response": response,
        "error": error,
    }
    return json_bytes(line) + b"\n"


def _summed(answers: list[BatchAnswer]) -> tuple[int, int, int, int]:
    """Input, cached, output and reasoning tokens of all answers, whatever API they are of."""
    counts = [_counts(one.body.get("usage") or {}) for one in answers if isinstance(one.body, dict)]
    totals = [sum(column) for column in zip(*counts, strict=True)] or [0, 0, 0, 0]
    return totals[0], totals[1], totals[2], totals[3]


def _counts(usage: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Chat completions and responses name the same counts differently."""
    tokens_in = usage.get("prompt_tokens") or usage.get("input_tokens") or 0
    tokens_out = usage.get("completion_tokens") or usage.get("output_tokens") or 0
    read = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    made = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    return tokens_in, read.get("cached_tokens", 0), tokens_out, made.get("reasoning_tokens", 0)
