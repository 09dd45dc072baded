"""What the parts of the gateway hand one another: a caller's question, a problem, one call's facts.

No wire format and no HTTP library here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import ErrorClassName
from ..types import Answer, Attempt, LLMRequest, StreamEvent

__all__ = ["Asked", "BadRequest", "Dialect", "Head", "Incoming", "Problem", "Writer"]

ProblemKind = (
    ErrorClassName | str
)  # a class of failure, or "budget", "deadline", "no_target", "token", "internal", ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A request as it came: the parsed body, the path's and the query's values, lower-case
    headers. `lenient` lets fields that cannot be carried be left out, and told."""

    body: Any
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    lenient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A caller's question in the router's words.

    model     the name that the caller used
    hints     fields that change no answer: sent to targets of the same wire, left out elsewhere
    passed    fields that only targets of the same wire understand: no other is asked
    left_out  names of fields that nobody is sent
    echo      what the wire's answer repeats of the request, as it stands there
    """

    model: str
    request: LLMRequest
    streamed: bool
    include_usage: bool = False
    hints: Mapping[str, Any] = field(default_factory=dict)
    passed: Mapping[str, Any] = field(default_factory=dict)
    same_wire: bool = False
    left_out: tuple[str, ...] = ()
    echo: Mapping[str, Any] = field(default_factory=dict)


class BadRequest(Exception):
    """The caller's request cannot be understood or carried; `param` is the field's path."""

    def __init__(
        self, message: str, *, param: str = "", status: int = 400, kind: ProblemKind = "bad_request"
    ) -> None:
        super().__init__(message)
        self.param = param
        self.status = status
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a call failed, for its caller. `status` is HTTP's; a wire may have one of its own for
    the kind. `retryable` says whether the same request could do better later."""

    kind: ProblemKind
    status: int
    message: str
    param: str = ""
    retryable: bool = False
    retry_after_s: float | None = None
    attempts: tuple[Attempt, ...] = ()

    def trace(self) -> dict[str, Any]:
        """The cause and the attempts, for programs: beside the wire's own error fields."""
        return {
            "cause": self.kind,
            "attempts": [
                {
                    "provider": a.provider,
                    "model": a.model,
                    "outcome": a.outcome,
                    "status": a.status,
                    "message": a.message,
                    "seconds": round(a.latency_s, 6),
                    "cost_usd": f"{a.cost:f}",
                }
                for a in self.attempts
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known when an answer begins. `created_s` is wall time."""

    call_id: str
    created_s: float
    model: str = ""


class Writer(Protocol):
    """One streamed answer in a wire's form: events in, bytes out."""

    def feed(self, event: StreamEvent) -> bytes: ...

    def end(self) -> bytes:
        """What stands behind the last event of a stream that ended well."""
        ...

    def failed(self, problem: Problem) -> bytes:
        """How the wire tells that the stream broke off."""
        ...


class Dialect(Protocol):
    """One wire format as the gateway speaks it. Parses and renders, nothing else."""

    @property
    def wire(self) -> str: ...

    @property
    def request_id_header(self) -> str:
        """The header in which its vendor numbers answers."""
        ...

    @property
    def stream_type(self) -> str:
        """The content type of its streams."""
        ...

    def read(self, incoming: Incoming) -> Asked:
        """Raises BadRequest."""
        ...

    def whole(self, asked: Asked, answer: Answer, head: Head) -> Mapping[str, Any]: ...

    def writer(self, asked: Asked, head: Head) -> Writer: ...

    def error(self, problem: Problem, call_id: str) -> tuple[int, Mapping[str, Any]]:
        """The status and the body."""
        ...
