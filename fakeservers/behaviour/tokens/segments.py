"""A prompt as the run of segments that a provider's tokenizer sees: what each costs, and by what
it is known again. What a request weighs and what a prompt cache finds both come from it.
"""

import json
from typing import Any, Literal, NamedTuple

__all__ = ["Modality", "Segment", "compact", "token_numbers"]

Modality = Literal["text", "image", "document", "audio", "video"]


class Segment(NamedTuple):
    """One part of a prompt with the marks around it.

    `content` is what makes it the same segment when it comes again: its text, or the value that
    stood on the wire.
    """

    tokens: float
    content: Any
    modality: Modality = "text"


def compact(value: Any) -> str:
    """JSON as it stands in a prompt, without spaces; a string is taken to be such JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def token_numbers(given: Any) -> int | None:
    """How many token numbers an input is, `[1, 2]` or `[[1], [2]]`; None where it is text."""
    if not isinstance(given, list) or not given:
        return None
    if all(type(item) is int for item in given):
        return len(given)
    inner = [token_numbers(item) if isinstance(item, list) else None for item in given]
    return None if None in inner else sum(count for count in inner if count is not None)
