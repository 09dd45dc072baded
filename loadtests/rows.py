"""Records as rows of Locust's own statistics: LLM, TTFT, ITL, OVERHEAD, ATTEMPTS.

Only what was answered counts into the rows of times: a refusal in a millisecond is no short TTFT.
Locust's "Aggregated" line mixes all rows, milliseconds and counts; nothing is decided by it.
"""

from collections.abc import Iterator

from .records import Record

__all__ = ["CallError", "bucket", "rows"]

Row = tuple[str, float, int, Exception | None]
"""Request type, value (milliseconds; of ATTEMPTS a number), size, what went wrong."""


class CallError(Exception):
    """How a call failed, as Locust's table of failures shows it."""


def rows(record: Record) -> Iterator[Row]:
    """All rows of one record, named after the kind of its user."""
    ok = record.outcome == "ok"
    problem = None if ok else CallError(f"{record.outcome}: {record.error}")
    yield "LLM", record.took_s * 1000, record.output_tokens, problem
    if record.attempts:
        yield "ATTEMPTS", float(record.attempts), 0, None
    if not ok:
        return
    if record.ttft_s is not None:
        yield "TTFT", record.ttft_s * 1000, 0, None
    for gap_s in record.gaps_s:
        yield "ITL", gap_s * 1000, 0, None
    if record.overhead_s is not None:
        yield "OVERHEAD", record.overhead_s * 1000, 0, None


def bucket(value: float) -> float:
    """Three digits: Locust's own whole milliseconds make 18 of an ITL of 18.4 ms."""
    return float(f"{value:.3g}")
