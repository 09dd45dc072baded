"""Texts that match a regular expression: enough of the syntax for what JSON schemas hold.

Built on the parser of the standard library's `re`; a pattern that it cannot read, or that no
attempt matches, gives None. Nothing here knows a JSON schema.
"""

import re
from random import Random
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

__all__ = ["matching", "searched"]

ATTEMPTS_MAX = 24
REPEATS_MAX = 2_000
TEXT_CHARS_MAX = 20_000

_PRINTABLE = tuple(map(chr, range(32, 127)))
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CATEGORIES = {
    _constants.CATEGORY_DIGIT: tuple("0123456789"),
    _constants.CATEGORY_SPACE: (" ",),
    _constants.CATEGORY_WORD: tuple(_LETTERS + _LETTERS.upper() + "0123456789_"),
}
_NEGATED = {
    _constants.CATEGORY_NOT_DIGIT: _constants.CATEGORY_DIGIT,
    _constants.CATEGORY_NOT_SPACE: _constants.CATEGORY_SPACE,
    _constants.CATEGORY_NOT_WORD: _constants.CATEGORY_WORD,
}
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
_WIDTHLESS = (_constants.AT, _constants.ASSERT, _constants.ASSERT_NOT)


def searched(pattern: str, text: str) -> bool | None:
    """Whether `pattern` is found in `text`, as JSON Schema means it; None if it is no regex."""
    try:
        return re.search(_in_python(pattern), text) is not None
    except (re.error, RecursionError, OverflowError):
        return None


def matching(pattern: str, random: Random, *, low: int = 0, high: int | None = None) -> str | None:
    """A text of `low` to `high` characters in which `pattern` is found; None if none came up."""
    try:
        tree = _parser.parse(_in_python(pattern))
    except (re.error, RecursionError, OverflowError):
        return None
    # Unbounded repeats first run a little over their minimum, then as far as the length needs.
    extents = (5, low, max(low - 1, 0), 0, 12, low // 2, low // 3, 1)
    for attempt in range(ATTEMPTS_MAX):
        writer = _Writer(random, extents[attempt % len(extents)])
        try:
            text = writer.write(tree)
        except (_GiveUp, RecursionError):
            continue
        text += "".join(random.choices(_LETTERS, k=max(0, low - len(text))))
        if (high is None or len(text) <= high) and searched(pattern, text):
            return text
    return None


def _in_python(pattern: str) -> str:
    """The pattern with ECMAScript's named groups and Unicode classes in Python's words."""
    return re.sub(r"\(\?<(?![=!])", "(?P<", pattern).replace(r"\p{L}", "[^\\W\\d_]")


class _GiveUp(Exception):
    """A construct that cannot be written."""


class _Writer:
    """Walks a parsed pattern and writes one text that it may match."""

    def __init__(self, random: Random, extent: int) -> None:
        self._random = random
        self._extent = extent
        self._groups: dict[int, str] = {}
        self._room = TEXT_CHARS_MAX

    def write(self, tree: Any) -> str:
        return "".join(self._one(op, argument) for op, argument in tree)

    def _one(self, op: Any, argument: Any) -> str:
        if op in _WIDTHLESS:
            return ""
        if op in _REPEATS:
            return self._repeat(*argument)
        if op is _constants.SUBPATTERN:
            text = self.write(argument[3])
            self._groups[argument[0]] = text
            return text
        if op is _constants.BRANCH:
            return self.write(self._random.choice(argument[1]))
        if op is _constants.GROUPREF:
            return self._groups.get(argument, "")
        if op is _constants.ATOMIC_GROUP:
            return self.write(argument)
        return self._character(op, argument)

    def _repeat(self, low: int, high: Any, tree: Any) -> str:
        ceiling = low + self._extent
        most = ceiling if high is _constants.MAXREPEAT else min(int(high), ceiling)
        if most > REPEATS_MAX:
            raise _GiveUp
        return "".join(self.write(tree) for _ in range(self._random.randint(low, most)))

    def _character(self, op: Any, argument: Any) -> str:
        self._room -= 1
        if self._room < 0:
            raise _GiveUp
        if op is _constants.LITERAL:
            return chr(argument)
        if op is _constants.ANY:
            return self._random.choice(_LETTERS)
        if op is _constants.NOT_LITERAL:
            return self._random.choice([c for c in _PRINTABLE if c != chr(argument)])
        if op is _constants.IN:
            return self._random.choice(_members(argument))
        raise _GiveUp


def _members(items: Any) -> tuple[str, ...]:
    """The characters of a class such as `[^a-z_]`, printable ASCII when it is a negated one."""
    negated = bool(items) and items[0][0] is _constants.NEGATE
    found: list[str] = []
    for op, argument in items[1:] if negated else items:
        found.extend(_item_members(op, argument))
    if negated:
        excluded = set(found)
        found = [c for c in _PRINTABLE if c not in excluded]
    if not found:
        raise _GiveUp
    return tuple(found)


def _item_members(op: Any, argument: Any) -> tuple[str, ...]:
    if op is _constants.LITERAL:
        return (chr(argument),)
    if op is _constants.RANGE:
        return tuple(map(chr, range(argument[0], min(argument[1], argument[0] + 255) + 1)))
    if argument in _CATEGORIES:
        return _CATEGORIES[argument]
    excluded = set(_CATEGORIES[_NEGATED[argument]])
    return tuple(c for c in _PRINTABLE if c not in excluded)
