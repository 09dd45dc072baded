"""Texts that come as token numbers: what stands for them, since no vocabulary is at hand."""

from typing import Any

__all__ = ["token_words"]

# Hexadecimal in letters alone, for a word of letters is counted as one token.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def token_words(given: Any) -> str | None:
    """A word for each token number; None when these are no token numbers."""
    if not isinstance(given, list) or not given:
        return None
    if not all(type(token) is int for token in given):
        return None
    return " ".join(f"{abs(token):x}".translate(_LETTERS) for token in given)
