"""What a stream is made of. Clients yield these; the router passes on those the caller sees.

A client yields any number of events and then, if and only if the vendor's terminal marker was
seen, one Finish; usage may come before or after it. It never makes up a Finish or usage.
"""

from dataclasses import dataclass
from typing import Literal

from .answers import FinishReason, RateLimit, Usage

__all__ = [
    "Finish",
    "Gap",
    "Noise",
    "Seam",
    "Started",
    "StreamEvent",
    "StreamReset",
    "TextDelta",
    "ThinkingDelta",
    "ToolCallDelta",
    "UsageEvent",
    "is_visible",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The vendor opened the response (role chunk, message_start, response.created, headers)."""

    model: str = ""
    id: str = ""
    limits: tuple[RateLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the visible text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingDelta:
    """A piece of reasoning; `signature` and `redacted` come in a delta of their own."""

    text: str = ""
    signature: str = ""
    redacted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallDelta:
    """A fragment of the call number `index` (from 0): `id` and `name` come with the first one,
    `arguments` is the next piece of the arguments' JSON text."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """All usage known so far: each replaces the one before. `final` means that the vendor says
    no more, so that it is exact."""

    usage: Usage
    final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The vendor's terminal marker."""

    reason: FinishReason | None
    raw_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Something that carries no answer: a ping, a line that is no event, an unknown event. The
    router counts what was malformed and passes none of it on."""

    kind: Literal["ping", "malformed", "unknown"] = "ping"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An event of the vendor's could not be read: a piece of the answer may be missing here. The
    caller sees one only where no other attempt could be made in its place."""

    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReset:
    """Made by the router: forget all that this stream said so far, another target starts anew."""

    cause: str
    from_target: str
    to_target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """Made by the router: the text goes on here, written by another target."""

    cause: str
    from_target: str
    to_target: str


StreamEvent = (
    Started
    | TextDelta
    | ThinkingDelta
    | ToolCallDelta
    | UsageEvent
    | Finish
    | Noise
    | Gap
    | StreamReset
    | Seam
)


def is_visible(event: StreamEvent) -> bool:
    """Whether handing this event to the caller commits the router to its target."""
    match event:
        case TextDelta(text=text):
            return bool(text)
        case ThinkingDelta(text=text):
            return bool(text)
        case ToolCallDelta():
            return True
        case _:
            return False
