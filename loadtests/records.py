"""What one call to the gateway came to: the line that it is in `requests.jsonl`.

The run in virtual time writes lines of the same fields, so both are added up by the same code.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

__all__ = ["Outcome", "Record", "read_records", "record_of", "write_records"]

Outcome = Literal["ok", "refused", "cut", "lost"]
"""`refused`: an error in answer, before anything was shown. `cut`: part of a stream, and then the
gateway said that it failed. `lost`: no answer, or one that ended without having said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One call. Times are seconds: `*_s` marked (1) since the scenario's begin, else since the
    call was sent.

    number, turn    which planned request, and which call of an agent's conversation
    last            whether no further call of this conversation follows
    due_s, sent_s   (1) when it should have been sent, and was
    headers_s       to the response's head
    ttft_s          to the first event that carries content; None for an answer in one piece
    took_s          to the end
    gaps_s          between events that carry content
    error           the gateway's code of the error
    provider        who answered; tried: everyone who was asked, with how it ended
    cost_usd        exact, all attempts together, as a text
    """

    number: int
    kind: str
    turn: int = 1
    last: bool = True
    due_s: float
    sent_s: float
    headers_s: float | None = None
    ttft_s: float | None = None
    took_s: float
    gaps_s: tuple[float, ...] = ()
    outcome: Outcome
    status: int | None = None
    error: str = ""
    provider: str = ""
    model: str = ""
    attempts: int = 0
    tried: tuple[str, ...] = ()
    cost_usd: str | None = None
    overhead_s: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ended_s(self) -> float:
        return self.sent_s + self.took_s

    @property
    def late_s(self) -> float:
        return max(0.0, self.sent_s - self.due_s)


_TUPLES = ("gaps_s", "tried")
_NAMES = frozenset(f.name for f in fields(Record))


def record_of(data: Mapping[str, Any]) -> Record:
    """A record from its plain data; what it does not know goes into `extra`."""
    known = {name: value for name, value in data.items() if name in _NAMES}
    for name in _TUPLES:
        known[name] = tuple(known.get(name, ()))
    return Record(**known)


def read_records(path: Path) -> list[Record]:
    with path.open(encoding="utf-8") as lines:
        return [record_of(json.loads(line)) for line in lines if line.strip()]


def write_records(records: Iterable[Record], path: Path) -> None:
    """In the order in which they were due."""
    ordered = sorted(records, key=lambda record: (record.number, record.turn))
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(record)) + "\n" for record in ordered)
