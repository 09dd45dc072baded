"""What is done later than the request that asked for it: jobs are taken up, and when they have
ended, their requests answered and their results stored. Plain computation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import orjson

from ..behaviour.answers import Answering
from ..behaviour.jobs import Task, Timing
from ..canonical import BatchAnswer, BatchItem, Job, Request, ResourceRequest, Stored
from ..evidence.journal import Exchange
from ..wire.base import Answer, HttpRequest, Stamp

__all__ = ["catch_up", "is_read_alike", "keep"]

REQUEST_IDS = frozenset({"request-id", "x-request-id"})


Respond = Callable[..., tuple[Answer, Exchange]]
"""How a fake answers a request; `batch` names the batch that it came in."""


def is_read_alike(request: Request) -> bool:
    """Whether the same body is the same request, whatever stands in its headers. What is asked
    of stored things may depend on those, as Gemini's uploads do."""
    return not isinstance(request, ResourceRequest)


def keep(
    answering: Answering, stores: Sequence[Stored], timing: Timing, headers: Mapping[str, str]
) -> None:
    """Store what an answer leaves, and take up the work of it."""
    answering.store.put(stores)
    for stored in stores:
        if stored.work is not None:
            answering.jobs.begin(stored, timing, headers)


def catch_up(answering: Answering, request: Request, respond: Respond, stamp: Stamp) -> None:
    """Have happened what was to happen on the clock since the last request: what expired is
    gone, the jobs that ended have their results. Looking at a job may be what ends it."""
    store, jobs = answering.store, answering.jobs
    store.expire(stamp.now_s)
    if not jobs:
        return
    if isinstance(request, ResourceRequest) and request.polls and request.id is not None:
        jobs.look(request.collection, request.id)
    for task, job in jobs.ended():
        # What has expired or made room meanwhile does not come back.
        if store.get(task.stored.collection, task.stored.id) is not None:
            store.put(_finish(task, job, respond, stamp))


def _finish(task: Task, job: Job, respond: Respond, stamp: Stamp) -> tuple[Stored, ...]:
    """What a job that has ended leaves: the thing itself, no work left, and its results. Only a
    job that is done has its requests answered."""
    work = task.work
    if job.phase == "done":
        answers = tuple(_ask(item, task, respond) for item in work.items)
    else:
        answers = tuple(BatchAnswer(custom_id=item.custom_id, status=None) for item in work.items)
    stored = replace(task.stored, work=None, job=job)
    return (stored,) if work.finished is None else work.finished(stored, job, answers, stamp)


def _ask(item: BatchItem, task: Task, respond: Respond) -> BatchAnswer:
    """Answer one request of a batch as if it had come alone."""
    http = HttpRequest(method="POST", path=item.path, headers=task.headers, body=item.body)
    answer, exchange = respond(http, batch=task.stored.id)
    said = _told(item, answer)
    exchange.outcome, exchange.ended_s = "complete", exchange.started_s
    return said


def _told(item: BatchItem, answer: Answer) -> BatchAnswer:
    """The answer to a request of a batch, read again."""
    body = answer.body
    if not isinstance(body, bytes):
        body = b"".join(frame.data for frame in body)
    try:
        parsed = orjson.loads(body)
    except ValueError:
        parsed = body.decode("utf-8", "replace")
    ids = (value for name, value in answer.headers if name in REQUEST_IDS)
    return BatchAnswer(
        custom_id=item.custom_id, status=answer.status, body=parsed, request_id=next(ids, "")
    )
