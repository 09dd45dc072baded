"""Text cut into pieces of about one token each: the unit of streaming and of counting.

Nothing here knows what the pieces are for.
"""

import re

__all__ = ["pieces"]

# A word of up to eight letters with the space before it, up to three digits, a run of
# punctuation, white space, or any single character that is left.
_PIECE = re.compile(r"\s?[^\W\d_]{1,8}|\s?\d{1,3}|\s*[^\w\s]{1,3}|\s+|\w")


def pieces(text: str) -> list[str]:
    """The pieces of a text; joined they are the text."""
    return _PIECE.findall(text)
