"""Several choices in one stream: their chunks come in turn. Nothing here knows what they say."""

from collections import deque
from collections.abc import Iterable, Iterator

from ..base import Frame, Frames, single

__all__ = ["interleaved"]


def interleaved(choices: Iterable[Iterable[Frame | Frames]]) -> Iterator[Frame]:
    """The frames of every choice, one of each in turn, until all are told."""
    waiting = deque(map(single, choices))
    while waiting:
        choice = waiting.popleft()
        if not waiting:
            yield from choice
        elif (frame := next(choice, None)) is not None:
            yield frame
            waiting.append(choice)
