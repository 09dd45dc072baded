"""When jobs end, and how far they are."""

import pytest

from fakeservers.behaviour.jobs import Jobs, Task, Timing, progress
from fakeservers.canonical import Stored, Work

NOW_S = 1_000.0


def task(*, looks: int = 0, invalid: bool = False, **timing: float) -> Task:
    """A job that began at NOW_S."""
    work = Work(invalid=invalid)
    return Task(
        stored=Stored(collection="batches", id="b", body=None, work=work),
        work=work,
        timing=Timing(**timing),  # type: ignore[arg-type]
        created_s=NOW_S,
        headers={},
        looks=looks,
    )


@pytest.mark.parametrize(
    ("after_s", "phase"),
    [(0, "queued"), (5, "queued"), (11, "running"), (70, "finishing"), (100, "done")],
)
def test_a_job_on_the_clock(after_s: float, phase: str) -> None:
    """A job is queued, runs, writes its results and ends as its seconds pass."""
    assert progress(task(after_s=100), NOW_S + after_s).phase == phase


def test_a_job_that_is_done_tells_its_moments() -> None:
    """The moments of a job lie on its way, whenever it is looked at."""
    job = progress(task(after_s=100), NOW_S + 5_000)
    assert (job.started_s, job.finishing_s, job.ended_s) == (1_010, 1_060, 1_100)


@pytest.mark.parametrize(("looks", "ended"), [(0, False), (2, False), (3, True)])
def test_a_job_that_is_polled(looks: int, ended: bool) -> None:
    """`polls` looks are in vain, the next one is not, whatever the clock says."""
    assert progress(task(polls=2, looks=looks), NOW_S + 10).ended is ended


def test_a_job_waits_for_both() -> None:
    """With seconds and looks, the later of the two decides."""
    assert not progress(task(after_s=10, polls=1, looks=5), NOW_S + 9).ended
    assert progress(task(after_s=10, polls=1, looks=2), NOW_S + 10).ended


def test_an_instant_job() -> None:
    """A job that nothing was said of has ended as soon as it is looked at."""
    assert progress(task(), NOW_S).phase == "done"


@pytest.mark.parametrize("invalid", [True, False])
def test_a_job_fails(invalid: bool) -> None:
    """For the reason that a script gives, or since its input is wrong."""
    fails = None if invalid else "No luck."
    job = progress(task(invalid=invalid, fails=fails), NOW_S)  # type: ignore[arg-type]
    assert (job.phase, job.failure) == ("failed", "" if invalid else "No luck.")


def test_a_job_expires() -> None:
    """A job that takes longer than its provider tries ends then, without a result."""
    job = progress(task(after_s=100_000), NOW_S + 90_000)
    assert (job.phase, job.ended_s) == ("expired", NOW_S + 86_400)


def test_ended_jobs_are_told_once() -> None:
    """`ended` names each job that came to its end, and forgets it."""
    now = [NOW_S]
    jobs = Jobs(lambda: now[0])
    jobs.begin(task().stored, Timing(after_s=60), {})
    before = jobs.ended()
    now[0] += 60
    assert (before, [job.phase for _, job in jobs.ended()], jobs.ended()) == ([], ["done"], [])
    assert not jobs


def test_a_cancelled_job() -> None:
    """A cancelled job is cancelling until the next look, and has no result."""
    jobs = Jobs(lambda: NOW_S)
    stored = task().stored
    jobs.begin(stored, Timing(after_s=60), {})
    jobs.cancel("batches", "b")
    seen = jobs.seen(stored).job
    assert seen is not None
    assert (seen.phase, [job.phase for _, job in jobs.ended()]) == ("cancelling", ["cancelled"])
