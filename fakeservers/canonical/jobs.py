"""Work that a server does later: what it is made of, and how far it is.

When it is done is decided elsewhere; here are only the values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["BatchAnswer", "BatchItem", "Finished", "Job", "Phase", "Work"]

Phase = Literal[
    "queued", "running", "finishing", "done", "failed", "cancelling", "cancelled", "expired"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """One request of a batch: where it would have been posted, and its JSON body."""

    custom_id: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswer:
    """What one request of a batch was answered: the status and the parsed body, `request_id`
    from its headers. The status is None when it was never asked, since the batch was cancelled
    or had expired."""

    custom_id: str
    status: int | None
    body: Any = None
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How far a job is at the moment it is looked at; moments in epoch seconds, None for what
    has not come. `failure` tells why it failed."""

    phase: Phase
    created_s: float
    expires_s: float
    started_s: float | None = None
    finishing_s: float | None = None
    cancel_s: float | None = None
    ended_s: float | None = None
    failure: str = ""

    @property
    def ended(self) -> bool:
        return self.phase in ("done", "failed", "cancelled", "expired")


Finished = Callable[[Any, Job, tuple[BatchAnswer, ...], Any], tuple[Any, ...]]
"""Makes what the end of a job leaves on the server: given the Stored thing that the job is, the
job at its end, the answers of its requests and a Stamp, it returns what is to be stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is left to do for something that was stored: its requests, and what their answers
    leave. `lasts_s` is how long the provider tries before it gives up. `invalid` says that the
    input cannot be worked on: the job fails whatever a script says."""

    items: tuple[BatchItem, ...] = ()
    finished: Finished | None = None
    lasts_s: float = 86_400.0
    invalid: bool = False
