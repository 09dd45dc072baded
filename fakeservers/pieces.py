"""Text cut into pieces of about one token each: the unit of streaming and of cutting short.

Nothing here knows what the pieces are for.
"""

import re
from functools import lru_cache

__all__ = ["pieces"]

REMEMBERED_TEXTS_MAX = 512
REMEMBERED_CHARS_MAX = 2048

# A word of up to eight letters with the space before it, up to three digits, a run of
# punctuation, white space, or any single character that is left.
_PIECE = re.compile(r"\s?[^\W\d_]{1,8}|\s?\d{1,3}|\s*[^\w\s]{1,3}|\s+|\w")


def pieces(text: str) -> tuple[str, ...]:
    """The pieces of a text; joined they are the text."""
    return _remembered(text) if len(text) <= REMEMBERED_CHARS_MAX else _cut(text)


def _cut(text: str) -> tuple[str, ...]:
    return tuple(_PIECE.findall(text))


_remembered = lru_cache(maxsize=REMEMBERED_TEXTS_MAX)(_cut)
"""An answer is cut to be streamed, and where it is too long; a scripted one with every request,
and so are the instructions and histories that come again with every call."""
