"""What a fault makes of an answer: the same answer otherwise, and the steps in which it leaves.

Pure: turns frames into steps. When a step is due and how bytes are written is delivery's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from ..behaviour.faults import Fault
from ..wire.base import Answer, Frame, Headers, single

__all__ = ["Ending", "Pause", "Step", "altered", "steps"]

HALVES = 2
"""An answer in one piece counts as so many chunks."""


class Ending(Enum):
    FINISH = auto()
    CLOSE = auto()
    RESET = auto()


@dataclass(slots=True)
class Pause:
    """Nothing is sent for so many seconds; `inf` until the client leaves."""

    for_s: float


Step = Frame | Pause | Ending

_ENDINGS = {"finish": Ending.FINISH, "close": Ending.CLOSE, "reset": Ending.RESET}

_WELL_FRAMED = ("finish", "skip")
"""Ends of an answer whose HTTP is in order: in one piece, its length is that of what is sent."""

_GARBAGE = {
    "json": b'{"id": nope,, "object"}',
    "sse_line": b"this line is no field of an event\n\n",
    "bytes": b"\xff\xfe\x00\x80garbage\xff",
}


def altered(answer: Answer, fault: Fault) -> Answer:
    """The answer with the status, headers and body that the fault gives it."""
    if fault.status is not None:
        answer = replace(answer, status=fault.status)
    if fault.content_type is not None:
        answer = replace(answer, headers=_typed(answer.headers, fault.content_type))
    if fault.body is not None:
        return replace(answer, body=fault.body)
    body = answer.body
    if isinstance(body, bytes) and fault.ending in _WELL_FRAMED and fault.ends_after_chunks == 0:
        return replace(answer, body=b"")
    if isinstance(body, bytes) and fault.ending in _WELL_FRAMED and fault.ends_after_chunks == 1:
        return replace(answer, body=body[: len(body) // HALVES])
    if isinstance(body, bytes) and fault.garbage is not None:
        if fault.garbage == "truncated_json":
            return replace(answer, body=body[: len(body) // HALVES])
        return replace(answer, body=_GARBAGE[fault.garbage])
    return answer


def steps(answer: Answer, fault: Fault) -> Iterator[Step]:
    """The frames of the answer with what goes wrong among them; an Ending comes last."""
    body = answer.body
    whole = isinstance(body, bytes)
    frames = _halves(body) if isinstance(body, bytes) else _rewritten(single(body), fault)
    ending = None if whole and fault.ending in _WELL_FRAMED else fault.ending
    # In one piece the answer is the error itself.
    fails_after = None if whole or fault.error_event is None else fault.error_after_chunks
    sent = told = 0
    skipping = failing = False
    yield from _after(0, answer, fault)
    if ending is not None and fault.ends_after_chunks == 0:
        if ending != "skip":
            yield _ENDINGS[ending]
            return
        skipping = True
    for frame in frames:
        if failing := frame.content and sent == fails_after:
            break
        told += 1
        if not frame.content:
            yield frame
            continue
        if skipping:
            continue
        yield frame
        sent += 1
        if failing := sent == fails_after:
            break
        yield from _after(sent, answer, fault)
        if ending is not None and sent == fault.ends_after_chunks:
            if ending != "skip":
                yield _ENDINGS[ending]
                return
            skipping = True
    if failing and answer.failing is not None:
        yield Frame(answer.failing(answer.failure, told))
    yield Ending.FINISH


def _after(sent: int, answer: Answer, fault: Fault) -> Iterator[Step]:
    """What happens after so many chunks, besides an end."""
    if fault.stall_after_chunks == sent:
        yield Pause(fault.stall_s)
    kind = fault.garbage
    if kind is None or kind == "truncated_json" or isinstance(answer.body, bytes):
        return
    if fault.garbage_after_chunks == sent:
        data = _GARBAGE[kind]
        yield Frame(b"data: " + data + b"\n\n" if kind == "json" else data)


def _halves(body: bytes) -> Iterable[Frame]:
    middle = (len(body) + 1) // HALVES
    return (Frame(body[:middle], True), Frame(body[middle:], True))


def _rewritten(frames: Iterable[Frame], fault: Fault) -> Iterable[Frame]:
    if fault.duplicate_chunk is not None or fault.missing_chunk is not None:
        frames = _miscounted(frames, fault)
    if fault.garbage == "truncated_json":
        frames = _truncated(frames, fault.garbage_after_chunks)
    if fault.line_ending is not None:
        ending = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}[fault.line_ending]
        frames = (
            Frame(frame.data.replace(b"\r\n", b"\n").replace(b"\n", ending), frame.content)
            for frame in frames
        )
    return frames


def _miscounted(frames: Iterable[Frame], fault: Fault) -> Iterator[Frame]:
    number = 0
    for frame in frames:
        number += frame.content
        if frame.content and number == fault.missing_chunk:
            continue
        yield frame
        if frame.content and number == fault.duplicate_chunk:
            yield frame


def _truncated(frames: Iterable[Frame], after_chunks: int) -> Iterator[Frame]:
    """The event after so many chunks loses its second half, and keeps its end of line."""
    number = 0
    for frame in frames:
        number += frame.content
        if frame.content and number == after_chunks + 1:
            data = frame.data
            yield Frame(data[: len(data) // HALVES] + data[len(data.rstrip()) :], True)
        else:
            yield frame


def _typed(headers: Headers, content_type: str) -> Headers:
    kept = tuple(header for header in headers if header[0].lower() != "content-type")
    return (("content-type", content_type), *kept)
