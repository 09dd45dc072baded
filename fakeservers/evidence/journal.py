"""What reached one fake and what it answered: a bounded list of exchanges.

The pipeline fills in an exchange as it goes; everyone else reads. Credentials never enter:
headers and query are redacted before they are kept. An exchange keeps the bytes of its request
and reads them again when it is looked at: kept values would cost more than the whole answer.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from ..behaviour.faults import Fault
from ..behaviour.pace import Timing
from ..behaviour.scenario import Rule
from ..canonical import ApiError, RawReply, Rejected, Reply, Request, Usage
from ..wire.base import Endpoint, HttpRequest

__all__ = ["BODIES_BYTES_MAX", "JOURNAL_MAX", "REDACTED", "Exchange", "Journal", "Outcome"]

JOURNAL_MAX = 10_000
"""Exchanges kept a fake; the oldest makes room."""

BODIES_BYTES_MAX = 128 * 1024 * 1024
"""Bytes of request bodies kept a fake; the oldest exchanges make room."""

REDACTED = "<redacted>"

Outcome = Literal["pending", "complete", "cut", "reset", "disconnected"]


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One HTTP request and its answer.

    http        the request as it came, without its credentials
    endpoint    what read it; None when there is no such route
    rule        the rule that decided; None for a natural answer
    replies     what the model said; empty for errors and for other than generated content
    error       what went wrong, when the fake answered with an error
    problem     why the test that caused this must fail: an unmatched request, a broken script
    batch       the id of the batch that the request came from; None for one of its own
    fault       what was done to the answer while it left
    timing      how its parts are spread over time, until it is delivered; None when it waits
                for nothing
    outcome     `pending` until the last byte is handed over; `cut` and `reset` by a fault;
                `disconnected` when the client left
    begun       whether the status line of an answer that waits or goes wrong was sent
    chunks      how many chunks a stream that was watched on its way has; `sent_chunks` of them
                left. 0 for an answer that left at once
    """

    number: int
    provider: str
    http: HttpRequest
    started_s: float = 0.0
    endpoint: Endpoint | None = None
    continued: Request | None = None
    """The request with the stored conversation that it continues, where it names one."""
    rule: Rule | None = None
    batch: str | None = None
    replies: tuple[Reply, ...] = ()
    raw: RawReply | None = None
    usage: Usage | None = None
    error: ApiError | None = None
    fault: Fault | None = None
    timing: Timing | None = None
    problem: str | None = None
    status: int = 0
    streamed: bool = False
    sent_bytes: int = 0
    begun: bool = False
    chunks: int = 0
    sent_chunks: int = 0
    ended_s: float = 0.0
    outcome: Outcome = "pending"

    def ends(self, outcome: Outcome, now_s: float, sent_bytes: int) -> None:
        """Told before the last byte leaves: whoever has read the answer finds it here."""
        self.outcome = outcome
        self.ended_s = now_s
        self.sent_bytes = sent_bytes

    @property
    def came_to(self) -> str:
        """What the client met, in a few words, such as `200`, `200, cut after 2 of 6 chunks`, or
        `reset` when there was no status line."""
        if self.outcome == "complete" and self.sent_chunks == self.chunks:
            return str(self.status)
        if self.outcome != "complete" and not self.begun:
            return self.outcome
        how = "ended" if self.outcome == "complete" else self.outcome
        after = f" after {self.sent_chunks} of {self.chunks} chunks" if self.chunks else ""
        return f"{self.status}, {how}{after}"

    @property
    def method(self) -> str:
        """ "POST", "GET", ..."""
        return self.http.method

    @property
    def path(self) -> str:
        """Without the query."""
        return self.http.path

    @property
    def query(self) -> Mapping[str, str]:
        """Its parameters by name; credentials are redacted."""
        return self.http.query

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name; credentials are redacted."""
        return self.http.headers

    @property
    def body(self) -> Any:
        """The parsed JSON body, or its bytes when it is not JSON."""
        try:
            return orjson.loads(self.http.body)
        except ValueError:
            return self.http.body

    @property
    def request(self) -> Request | None:
        """The canonical request; None when it could not be read."""
        if self.continued is not None or self.endpoint is None:
            return self.continued
        try:
            return self.endpoint.parse(self.http)
        except (Rejected, RecursionError):
            return None

    @property
    def model(self) -> str:
        request = self.request
        return request.model if request is not None else ""

    @property
    def prompt(self) -> str:
        request = self.request
        return request.prompt if request is not None else ""

    @property
    def text(self) -> str:
        """The visible text of the first reply."""
        return self.replies[0].text if self.replies else ""


class Journal:
    """The newest exchanges of one fake, oldest first."""

    def __init__(
        self, size_max: int = JOURNAL_MAX, bodies_bytes_max: int = BODIES_BYTES_MAX
    ) -> None:
        self._exchanges: deque[Exchange] = deque()
        self._size_max = size_max
        self._bodies_bytes_max = bodies_bytes_max
        self._bodies_bytes = 0
        self.total = 0
        """Exchanges seen, those that had to make room included."""

    def add(self, exchange: Exchange) -> None:
        exchanges = self._exchanges
        exchanges.append(exchange)
        self.total += 1
        self._bodies_bytes += len(exchange.http.body)
        while len(exchanges) > self._size_max or (
            self._bodies_bytes > self._bodies_bytes_max and len(exchanges) > 1
        ):
            self._bodies_bytes -= len(exchanges.popleft().http.body)

    @property
    def forgotten(self) -> int:
        """Exchanges that had to make room."""
        return self.total - len(self._exchanges)

    def __iter__(self) -> Iterator[Exchange]:
        # A copy: the server's thread appends while a test reads.
        return iter(tuple(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)
