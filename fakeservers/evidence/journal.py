"""What reached one fake and what it answered: a bounded list of exchanges.

The pipeline fills in an exchange as it goes; everyone else reads. Credentials never enter:
headers and query are redacted before they are kept.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..behaviour.scenario import Rule
from ..canonical import ApiError, RawReply, Reply, Request, Usage

__all__ = ["JOURNAL_MAX", "REDACTED", "Exchange", "Journal", "Outcome"]

JOURNAL_MAX = 2_000
"""Exchanges kept a fake; the oldest makes room."""

REDACTED = "<redacted>"

Outcome = Literal["pending", "complete", "disconnected"]


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One HTTP request and its answer.

    request     the canonical request; None when it could not be read
    body        the parsed JSON body, or the bytes when it is not JSON
    rule        the rule that decided; None for a natural answer
    replies     what the model said; empty for errors and for other than generated content
    error       what went wrong, when the fake answered with an error
    problem     why the test that caused this must fail: an unmatched request, a broken script
    outcome     `pending` until the last byte is handed over; `disconnected` when the client left
    """

    number: int
    provider: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = b""
    started_s: float = 0.0
    request: Request | None = None
    rule: Rule | None = None
    replies: tuple[Reply, ...] = ()
    raw: RawReply | None = None
    usage: Usage | None = None
    error: ApiError | None = None
    problem: str | None = None
    status: int = 0
    streamed: bool = False
    sent_bytes: int = 0
    ended_s: float = 0.0
    outcome: Outcome = "pending"

    @property
    def model(self) -> str:
        return self.request.model if self.request is not None else ""

    @property
    def prompt(self) -> str:
        return self.request.prompt if self.request is not None else ""

    @property
    def text(self) -> str:
        """The visible text of the first reply."""
        return self.replies[0].text if self.replies else ""


class Journal:
    """The newest exchanges of one fake, oldest first."""

    def __init__(self, size_max: int = JOURNAL_MAX) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=size_max)
        self.total = 0
        """Exchanges seen, those that had to make room included."""

    def add(self, exchange: Exchange) -> None:
        self._exchanges.append(exchange)
        self.total += 1

    def __iter__(self) -> Iterator[Exchange]:
        # A copy: the server's thread appends while a test reads.
        return iter(tuple(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)
