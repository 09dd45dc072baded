"""What one Locust process performs and what it has seen, and how several are put together.

The planned requests are dealt out, every worker gets each nth; records go to the master as they
are, so whatever is computed from them is the same for one process and for many.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from .plan import Planned
from .records import Record, record_of

__all__ = ["Collector", "Outbox", "Share"]

RECORDS_PER_MESSAGE_MAX = 500


class Share:
    """The planned requests of one process, taken in the order in which they are due."""

    def __init__(self, plan: Iterable[Planned], *, index: int = 0, of: int = 1) -> None:
        self._left = deque(p for p in plan if p.number % of == index)

    def take(self) -> Planned | None:
        return self._left.popleft() if self._left else None

    def __len__(self) -> int:
        return len(self._left)


class Outbox:
    """Records of a worker on their way to the master, in numbered messages."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque()
        self._sent = 0

    def add(self, record: Record) -> None:
        self._records.append(record)

    def messages(self) -> Iterable[dict[str, Any]]:
        """All that is there, as plain data."""
        while self._records:
            size = min(len(self._records), RECORDS_PER_MESSAGE_MAX)
            records = [asdict(self._records.popleft()) for _ in range(size)]
            self._sent += 1
            yield {"message": self._sent, "records": records}


class Collector:
    """All records of a run. `finished` once every planned request has its last one."""

    def __init__(self, planned: int) -> None:
        self._planned = planned
        self._ended = 0
        self._messages: dict[str, int] = {}
        self.records: list[Record] = []
        self.missed_messages = 0
        """Messages of workers that never arrived: what they held would look lost."""

    @property
    def finished(self) -> bool:
        return self._ended >= self._planned

    def add(self, record: Record) -> None:
        self.records.append(record)
        self._ended += record.last

    def receive(self, worker: str, message: Mapping[str, Any]) -> None:
        """What a worker sent."""
        expected = self._messages.get(worker, 0) + 1
        self.missed_messages += message["message"] - expected
        self._messages[worker] = message["message"]
        for data in message["records"]:
            self.add(record_of({**data, "extra": {**data["extra"], "worker": worker}}))
