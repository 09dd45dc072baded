"""How many tokens a text has, told from the shapes of its words: no vocabulary, no dependency.

A text is cut where OpenAI's o200k tokenizer cuts it before it looks into its vocabulary; what a
piece costs is then the mean over public text of pieces with its script, case and length, as
`tools/learn_token_shapes.py` measured it. Which provider counts what is not known here.
"""

import re
from functools import lru_cache
from typing import Final

from .shape_costs import COSTS, SLOPES

__all__ = ["PIECE", "estimate", "shape"]

REMEMBERED_PIECES_MAX: Final = 16_384
"""Words whose cost is kept: a language's common words fit, and the others are found anew."""

PIECE_CHARS_MAX: Final = 64
"""A longer piece is priced anew each time, so that what is kept stays small."""

# Combining marks of scripts that write vowels with them; to `re` they are no letters.
_MARKS = (
    r"\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    r"\u0980-\u0983\u09bc-\u09cd\u0a00-\u109f"
)

PIECE: Final = re.compile(
    rf"""
    # A word in ASCII letters with one character before it; `aB` is two words. Most are of these.
    (?:(?![\r\n])[\W_])?[A-Z]?[a-z]+(?![^\W\d_A-Z]|[{_MARKS}])(?:'(?:s|t|re|ve|m|ll|d)(?![a-z]))?
    # Any other run of letters.
  | (?:(?![\r\n])[\W_])?(?:[^\W\d_]|[{_MARKS}])+
  | \d{{1,3}}
    # Punctuation, with the line ends after it.
  | [ ]?(?:(?!\s)[\W_])+[\r\n/]*
  | \s*[\r\n]+
  | \s+(?!\S)
  | \s
    """,
    re.VERBOSE,
)

# The scripts told apart, each by the code point that follows its last one.
_SCRIPTS: Final = (
    (0x250, "latin"),
    (0x400, "greek"),
    (0x530, "cyrillic"),
    (0x590, "armenian"),
    (0x600, "hebrew"),
    (0x780, "arabic"),
    (0xE00, "indic"),
    (0xE80, "thai"),
    (0x10A0, "other"),
    (0x1100, "georgian"),
    (0x1E00, "other"),
    (0x2000, "latin"),
    (0x3040, "other"),
    (0x3100, "kana"),
    (0xAC00, "han"),
    (0xD7B0, "hangul"),
)

# Words that stand unspaced in JSON and are one token there; elsewhere such pieces are rarer ones.
_WHOLE_WORDS: Final = frozenset(
    (
        *("additional", "array", "boolean", "default", "description", "enum", "false", "format"),
        *("function", "integer", "items", "maximum", "message", "minimum", "null", "number"),
        *("object", "parameters", "pattern", "properties", "required", "result", "string"),
        *("title", "true", "type", "value"),
    )
)


def estimate(text: str) -> float:
    """About how many tokens `text` has; 0 only for the empty text."""
    return sum(map(_cost, PIECE.findall(text)))


def shape(piece: str) -> tuple[str, int]:
    """What the cost of a piece depends on: its kind, and its length or that of its word."""
    if piece[-1].isdigit():
        return "digits", len(piece)
    if piece.isspace():
        return ("newline" if "\n" in piece or "\r" in piece else "space"), 1
    if piece[0].isalpha():
        lead, word = "", piece
    else:
        lead, word = (piece[0] if piece[0] in " _" else "."), piece[1:]
    if not (word and word[0].isalpha()):
        return _punctuation(piece)
    if not word.isascii():
        return (" " if lead == " " else "") + _script(word), len(word)
    word, apostrophe, _ = word.partition("'")
    return lead + _case(word) + apostrophe, len(word)


def _cost_of(piece: str) -> float:
    if piece in _WHOLE_WORDS:
        return 1.0
    kind, size = shape(piece)
    costs = COSTS.get(kind) or COSTS["other"]
    if size <= len(costs):
        return costs[size - 1]
    return costs[-1] + SLOPES.get(kind, SLOPES["other"]) * (size - len(costs))


_remembered = lru_cache(maxsize=REMEMBERED_PIECES_MAX)(_cost_of)


def _cost(piece: str) -> float:
    return _remembered(piece) if len(piece) <= PIECE_CHARS_MAX else _cost_of(piece)


def _case(word: str) -> str:
    if word.islower():
        return "low"
    if word.isupper():
        return "up"
    return "cap" if word[1:].islower() else "mix"


def _script(word: str) -> str:
    top = ord(max(word))
    return next((name for end, name in _SCRIPTS if top < end), "other")


def _punctuation(piece: str) -> tuple[str, int]:
    marks = piece.strip("\r\n ")
    if len(marks) > 3 and len(set(marks)) == 1:
        return "run", len(marks)
    return ("punct" if marks.isascii() else "symbol"), max(1, len(marks))
