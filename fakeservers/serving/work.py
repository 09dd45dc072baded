"""The end of a job: its requests are answered, and its results stored. Plain computation."""

from collections.abc import Callable
from dataclasses import replace

import orjson

from ..behaviour.jobs import Task
from ..canonical import BatchAnswer, BatchItem, Job, Stored
from ..wire.base import Answer, Stamp

__all__ = ["finish", "told"]

REQUEST_IDS = frozenset({"request-id", "x-request-id"})


def finish(
    task: Task, job: Job, ask: Callable[[BatchItem, Task], BatchAnswer], stamp: Stamp
) -> tuple[Stored, ...]:
    """What a job that has ended leaves: the thing itself, no work left, and its results. Only a
    job that is done has its requests answered."""
    work = task.work
    if job.phase == "done":
        answers = tuple(ask(item, task) for item in work.items)
    else:
        answers = tuple(BatchAnswer(custom_id=item.custom_id, status=None) for item in work.items)
    stored = replace(task.stored, work=None, job=job)
    return (stored,) if work.finished is None else work.finished(stored, job, answers, stamp)


def told(item: BatchItem, answer: Answer) -> BatchAnswer:
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
