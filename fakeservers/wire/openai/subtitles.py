"""When each piece of a text was said, and the two forms of subtitles. Pure functions of the text
and the length of the sound: every character takes as long as any other."""

import re
from typing import NamedTuple

__all__ = ["Segment", "segments", "srt", "vtt", "words"]

_SENTENCE = re.compile(r"\S.*?(?:[.!?]+(?=\s|$)|$)", re.DOTALL)


class Segment(NamedTuple):
    """A sentence, and when it was said, in seconds from the beginning."""

    start_s: float
    end_s: float
    text: str


def segments(text: str, seconds: float) -> list[Segment]:
    """The sentences of a text that took so many seconds."""
    return [
        Segment(_at(match.start(), text, seconds), _at(match.end(), text, seconds), match[0])
        for match in _SENTENCE.finditer(text)
    ]


def words(text: str, seconds: float) -> list[tuple[str, float, float]]:
    """Each word with when it began and ended."""
    return [
        (match[0], _at(match.start(), text, seconds), _at(match.end(), text, seconds))
        for match in re.finditer(r"[\w'-]+", text)
    ]


def srt(cut: list[Segment]) -> str:
    """SubRip: numbered, with a comma before the milliseconds."""
    return "".join(
        f"{number}\n{_clock(one.start_s, ',')} --> {_clock(one.end_s, ',')}\n{one.text}\n\n"
        for number, one in enumerate(cut, start=1)
    )


def vtt(cut: list[Segment]) -> str:
    """WebVTT."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(one.start_s, '.')} --> {_clock(one.end_s, '.')}\n{one.text}\n\n" for one in cut
    )


def _at(place: int, text: str, seconds: float) -> float:
    return round(seconds * place / max(1, len(text)), 2)


def _clock(seconds: float, point: str) -> str:
    whole_ms = round(seconds * 1000)
    minutes, ms = divmod(whole_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{ms // 1000:02d}{point}{ms % 1000:03d}"
