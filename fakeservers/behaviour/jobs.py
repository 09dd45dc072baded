"""Jobs that end later: batches, files that are processed. When they end, how far they are.

`progress` is a pure function of a task and a moment; `Jobs` keeps the tasks that have not ended.
Nobody waits for a job: whoever looks at it learns how far it has come by then. Its requests are
answered elsewhere, when it ends.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..canonical import Job, Phase, Stored, Work
from ..errors import ScriptError

__all__ = ["INSTANT", "TASKS_MAX", "Jobs", "Task", "Timing", "job_timing", "progress"]

TASKS_MAX = 4096
"""Jobs under way; the oldest is forgotten."""

STARTED = 0.1
FINISHING = 0.6
"""The share of its way at which a job leaves the queue, and at which its results are written.
Providers tell the three apart and document no durations."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When jobs end: `after_s` seconds on the clock, and not before a client has looked `polls`
    times in vain. With `fails` they fail, for this reason."""

    after_s: float = 0.0
    polls: int = 0
    fails: str | None = None

    @property
    def instant(self) -> bool:
        """Whether a job ends as soon as it has begun."""
        return not self.after_s and not self.polls


def job_timing(*, after_s: float = 0, polls: int = 0, fails: str | None = None) -> Timing:
    """When jobs end. Raises ScriptError for a number that is negative or none."""
    if not _is_number(after_s, int | float) or not _is_number(polls, int):
        raise ScriptError(
            f"jobs(after_s={after_s!r}, polls={polls!r}): seconds and a whole number of looks, "
            f"each from 0, such as jobs(after_s=60) or jobs(polls=2)."
        )
    if fails is not None and not isinstance(fails, str):
        raise ScriptError(f'jobs(fails={fails!r}): the reason in words, fails="No luck."')
    return Timing(after_s=float(after_s), polls=polls, fails=fails)


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and 0 <= value < math.inf


INSTANT = Timing()
"""What holds unless a script says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A job under way: the thing that is `stored`, the headers it was asked for with, how often
    a client has looked at it, and when it was cancelled."""

    stored: Stored
    work: Work
    timing: Timing
    created_s: float
    headers: Mapping[str, str]
    looks: int = 0
    cancel_s: float | None = None


def progress(task: Task, now_s: float) -> Job:
    """How far the job is at `now_s`, in epoch seconds."""
    share = _share(task, now_s)
    expires_s = task.created_s + task.work.lasts_s
    if share < 1 and now_s >= expires_s:
        return _ended(task, "expired", share, expires_s)
    if share < 1:
        return _job(task, _phase(task, share), share, now_s)
    ended_s = now_s if task.timing.polls else task.created_s + task.timing.after_s
    if task.work.invalid or task.timing.fails is not None:
        return _ended(task, "failed", 0, ended_s)
    return _ended(task, "done", share, ended_s)


def cancelled(task: Task, now_s: float) -> Job:
    """The end, at `now_s`, of a job that was cancelled before."""
    return _ended(task, "cancelled", _share(task, now_s), now_s)


def _phase(task: Task, share: float) -> Phase:
    if task.cancel_s is not None:
        return "cancelling"
    # What cannot be worked on never gets beyond the look at its input.
    if share < STARTED or task.work.invalid:
        return "queued"
    return "running" if share < FINISHING else "finishing"


def _ended(task: Task, phase: Phase, share: float, at_s: float) -> Job:
    failure = (task.timing.fails or "") if phase == "failed" else ""
    return replace(_job(task, phase, share, at_s), ended_s=at_s, failure=failure)


def _job(task: Task, phase: Phase, share: float, now_s: float) -> Job:
    def reached(mark: float) -> float | None:
        at_s = task.created_s + mark * task.timing.after_s
        return min(now_s, at_s) if share >= mark else None

    return Job(
        phase=phase,
        created_s=task.created_s,
        expires_s=task.created_s + task.work.lasts_s,
        started_s=reached(STARTED),
        finishing_s=reached(FINISHING),
        cancel_s=task.cancel_s,
    )


def _share(task: Task, now_s: float) -> float:
    """How much of its way the job has gone: 1 at the end."""
    after_s, polls = task.timing.after_s, task.timing.polls
    by_time = (now_s - task.created_s) / after_s if after_s else 1.0
    by_polls = task.looks / (polls + 1) if polls else 1.0
    return min(by_time, by_polls, 1.0)


class Jobs:
    """The jobs under way on one server. `wall` gives the epoch seconds."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._tasks: dict[Key, Task] = {}

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def begin(self, stored: Stored, timing: Timing, headers: Mapping[str, str]) -> None:
        """Take up the work of what was stored."""
        if stored.work is None:
            return
        self._tasks[_key(stored)] = Task(
            stored=stored,
            work=stored.work,
            timing=timing,
            created_s=self._wall(),
            headers=headers,
        )
        if len(self._tasks) > TASKS_MAX:
            del self._tasks[next(iter(self._tasks))]

    def look(self, collection: str, id: str) -> None:
        """A client asks how far a job is."""
        if (task := self._tasks.get((collection, id))) is not None:
            self._tasks[collection, id] = replace(task, looks=task.looks + 1)

    def cancel(self, collection: str, id: str) -> None:
        """Have a job end without its results, at the next look."""
        if (task := self._tasks.get((collection, id))) is not None:
            self._tasks[collection, id] = replace(task, cancel_s=self._wall())

    def forget(self, collection: str, id: str) -> None:
        self._tasks.pop((collection, id), None)

    def ended(self) -> list[tuple[Task, Job]]:
        """The jobs that have come to their end since this was asked; they are no longer kept."""
        now_s = self._wall()
        found = []
        for key, task in tuple(self._tasks.items()):
            job = progress(task, now_s)
            if task.cancel_s is not None:
                job = cancelled(task, now_s)
            if job.ended:
                del self._tasks[key]
                found.append((task, job))
        return found

    def seen(self, stored: Stored) -> Stored:
        """The stored thing with how far its job is, if it has one."""
        task = self._tasks.get(_key(stored)) if stored.work is not None else None
        return stored if task is None else replace(stored, job=progress(task, self._wall()))


def _key(stored: Stored) -> Key:
    return stored.collection, stored.id
