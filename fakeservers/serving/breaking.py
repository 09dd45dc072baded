"""What a fault makes of an answer: the same answer otherwise, and the steps in which it leaves.

Pure: turns frames into steps. When a step is due and how bytes are written is delivery's.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import chain

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

_SHORT = ("finish", "skip")
"""An answer in one piece that ends so is a shorter answer, whose length says so too."""

_GARBAGE = {
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
    if not isinstance(body, bytes):
        return answer
    if fault.garbage == "truncated_json":
        return replace(answer, body=body[: len(body) // HALVES])
    if fault.garbage is not None:
        return replace(answer, body=_GARBAGE.get(fault.garbage) or _malformed(body))
    if fault.ending in _SHORT and fault.ends_after_chunks is not None:
        return replace(answer, body=body[: _middle(body) * fault.ends_after_chunks])
    return answer


def steps(answer: Answer, fault: Fault) -> Iterator[Step]:
    """The frames of the answer with what goes wrong among them; an Ending comes last."""
    body = answer.body
    if isinstance(body, bytes):
        yield from _of_whole(body, answer, fault)
        return
    sent = told = 0
    skipping = False
    fails_after = None if fault.error_event is None else fault.error_after_chunks
    for frame in chain((None,), _rewritten(single(body), fault)):
        if frame is not None:
            # An error before the first chunk comes after what opens the stream.
            if frame.content and fails_after == 0:
                yield from _failure(answer, told)
                break
            told += 1
            if not frame.content:
                yield frame
                continue
            if skipping:
                continue
            yield frame
            sent += 1
        if sent and sent == fails_after:
            yield from _failure(answer, told)
            break
        yield from _after(sent, answer, fault)
        if fault.ending is not None and sent == fault.ends_after_chunks:
            if fault.ending != "skip":
                yield _ENDINGS[fault.ending]
                return
            skipping = True
    yield Ending.FINISH


def _failure(answer: Answer, told: int) -> Iterator[Step]:
    if answer.failing is not None:
        yield Frame(answer.failing(answer.failure, told))


def _of_whole(body: bytes, answer: Answer, fault: Fault) -> Iterator[Step]:
    """The steps of an answer in one piece: its two halves."""
    middle = _middle(body)
    for sent, half in enumerate((b"", body[:middle], body[middle:])):
        if sent:
            yield Frame(half, True)
        yield from _after(sent, answer, fault)
        if fault.ending in ("close", "reset") and sent == fault.ends_after_chunks:
            yield _ENDINGS[fault.ending]
            return
    yield Ending.FINISH


def _after(sent: int, answer: Answer, fault: Fault) -> Iterator[Step]:
    """What happens after so many chunks, besides an end."""
    if fault.stall_after_chunks == sent:
        yield Pause(fault.stall_s)
    added = _GARBAGE.get(fault.garbage or "")
    if added and fault.garbage_after_chunks == sent and not isinstance(answer.body, bytes):
        yield Frame(added)


def _middle(body: bytes) -> int:
    return (len(body) + 1) // HALVES


def _rewritten(frames: Iterable[Frame], fault: Fault) -> Iterable[Frame]:
    if fault.duplicate_chunk is not None or fault.missing_chunk is not None:
        frames = _miscounted(frames, fault)
    if fault.garbage == "truncated_json":
        frames = _spoilt(frames, fault.garbage_after_chunks + 1, _truncated)
    elif fault.garbage == "json":
        frames = _spoilt(frames, fault.garbage_after_chunks + 1, _malformed)
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


def _spoilt(frames: Iterable[Frame], nth: int, spoil: Callable[[bytes], bytes]) -> Iterator[Frame]:
    number = 0
    for frame in frames:
        number += frame.content
        yield Frame(spoil(frame.data), True) if frame.content and number == nth else frame


def _truncated(data: bytes) -> bytes:
    """Without its second half, but with its end of line."""
    return data[: len(data) // HALVES] + data[len(data.rstrip()) :]


def _malformed(data: bytes) -> bytes:
    """With a word in its first object that is no JSON."""
    return data.replace(b"{", b"{nope,,", 1)


def _typed(headers: Headers, content_type: str) -> Headers:
    kept = tuple(header for header in headers if header[0].lower() != "content-type")
    return (("content-type", content_type), *kept)
